using System.Runtime.InteropServices;
using EbpfPersonas.Prove;

// Compares the kernel with the reference until nothing is left of the plan. Exit code 1 where they differ, or where
// what was compared proves too little.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    return new Campaign(ProveSettings.Parse(args), interrupted.Token).Run() ? 0 : 1;
}
catch (OperationCanceledException)
{
    Console.WriteLine("\nInterrupted.");
    return 130;
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}

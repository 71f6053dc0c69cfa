using System.Runtime.InteropServices;
using EbpfPersonas.Prove;

// Compares the kernel with the reference until nothing is left of the plan, or lets new processes send their first
// packets. Exit code 1 where something is wrong, or where what was done proves too little.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    var settings = ProveSettings.Parse(args);
    var holds = settings.Only == ActivationCampaign.Kind
        ? await new ActivationCampaign(settings.FirstPackets, interrupted.Token).RunAsync()
        : new Campaign(settings, interrupted.Token).Run();
    return holds ? 0 : 1;
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

using System.Runtime.InteropServices;
using EbpfPersonas.Demo;

// Ctrl-C and SIGTERM end the story early; the lab is taken down either way.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    await using var stage = await Stage.BuildAsync();
    var story = new Story(stage);
    await story.TellAsync().WaitAsync(interrupted.Token);
    return story.Finish();
}
catch (OperationCanceledException)
{
    Console.WriteLine("\nInterrupted; everything the demo made is gone.");
    return 130;
}
catch (Exception exception)
{
    Console.WriteLine($"\nThe demo FAILED: {exception}");
    return 1;
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}

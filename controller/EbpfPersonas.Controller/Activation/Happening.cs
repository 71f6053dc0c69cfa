using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Activation;

/// <summary>What made the Persona Manager decide again: one sentence, and the process where there is one.</summary>
internal sealed record Happening(string Sentence, ActivationProcess? Process = null)
{
    /// <summary>Nothing but that time passed: what is due says why.</summary>
    public static Happening TimePassed { get; } = new("Time passed");

    /// <summary>A process event, <paramref name="verb"/> being started, exited or snapshot.</summary>
    public static Happening Of(string verb, VmProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        var image = process.Image;
        var program = image.Path.Length > 0 ? image.Path : image.Executable;
        var user = image.UserName.Length > 0 ? image.UserName : "uid";
        var what = verb == "snapshot" ? "runs" : verb;
        return new Happening(
            $"Process {process.Pid} {Printable.Quote(program)} of {user} ({image.UserId}) {what}",
            new ActivationProcess(
                verb, process.Pid, process.ParentPid, image.UserId, image.UserName, image.Path, image.Executable,
                process.Time));
    }
}

using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// What is wanted of a VM, why and since when: what was decided, or what the VM put in force by itself under that
/// decision.
/// </summary>
internal sealed record Wanted(
    string? Persona, long Revision, ActivationCause Cause, string Sentence, DateTimeOffset Since)
{
    /// <summary>Whether the VM put it in force by itself.</summary>
    public bool IsStaged { get; private init; }

    public static Wanted Of(StoredVm vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        var desired = vm.Desired;
        if (vm.OwnSwitch is { } own)
        {
            if (own.Cause == ActivationCause.Trigger && desired.Staged.RevisionOf(own.Persona) is { } revision)
            {
                return new Wanted(own.Persona, revision, own.Cause, own.Sentence, own.Since) { IsStaged = true };
            }

            if ((own.Persona, own.Revision, own.Cause) == (desired.Persona, desired.Revision, desired.Cause))
            {
                return new Wanted(own.Persona, own.Revision, own.Cause, own.Sentence, own.Since);
            }
        }

        return new Wanted(desired.Persona, desired.Revision, desired.Cause, desired.Sentence, desired.Since);
    }

    /// <summary>Whether it is the same persona, in the same revision, for the same cause.</summary>
    public bool IsSame(Wanted other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Persona, Revision, Cause) == (other.Persona, other.Revision, other.Cause);
    }
}

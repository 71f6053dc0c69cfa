using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A line of a VM's history.</summary>
/// <param name="Id">Its number; it only grows.</param>
/// <param name="Generation">The generation that it made; where the VM switched by itself, the newest one then.</param>
/// <param name="Persona">What became active; null for no persona.</param>
/// <param name="Revision">Its revision; null for no persona.</param>
/// <param name="Previous">What had been active before.</param>
/// <param name="Cause">manual, trigger, default, none, or rollback: the VM returned to what was there before, because
/// the persona after it was not confirmed in time.</param>
/// <param name="Reason">The chain of why, as a sentence.</param>
/// <param name="At">When it was decided, or when the VM switched by itself.</param>
/// <param name="Process">The process behind it, if there was one.</param>
/// <param name="Result">pending, realized, failed or superseded.</param>
/// <param name="ResultAt">When the agent answered.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Epoch">The datapath's count of switches, where the VM switched by itself; else null.</param>
internal sealed record ActivationResource(
    long Id, long Generation, string? Persona, long? Revision, string? Previous, string Cause, string Reason,
    DateTimeOffset At,
    ActivationProcess? Process, string Result, DateTimeOffset? ResultAt, string? Error, long? Epoch)
{
    public static ActivationResource Of(ActivationEntry entry) => new(
        entry.Id, entry.Generation, entry.Persona, entry.Persona is null ? null : entry.Revision,
        entry.Previous, entry.Cause.Word(),
        entry.Sentence, entry.At, entry.Process, entry.Result, entry.ResultAt, entry.Error, entry.Epoch);
}

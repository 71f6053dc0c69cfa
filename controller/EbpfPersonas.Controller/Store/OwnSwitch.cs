using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// The newest switch that a VM made by itself: the epoch that it began, the newest generation at that time, to what
/// (null = none) and why, and since when.
/// </summary>
internal sealed record OwnSwitch(
    long Epoch, long Generation, string? Persona, long Revision, ActivationCause Cause, string Sentence,
    DateTimeOffset Since);

using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>What a VM puts in force by itself, in its kernel, and what holds otherwise.</summary>
/// <param name="Personas">Those that it puts in force while their triggers hold, the strongest first.</param>
/// <param name="FloorPersona">What holds where none stronger of them is wanted; null for none.</param>
/// <param name="FloorCause">Why that one: manual, trigger (of a persona that the controller decides on), default or
/// none.</param>
/// <param name="FloorRank">How many of the personas are stronger than the floor; under an activation by hand
/// none.</param>
internal sealed record StagingStatus(
    IReadOnlyList<string> Personas, string? FloorPersona, string FloorCause, int FloorRank)
{
    public static StagingStatus? Of(StoredVm vm) => vm.ActivatesItself
        ? new StagingStatus(
            [.. vm.Desired.Staged.Personas.Select(staged => staged.Persona)], vm.Desired.Persona,
            vm.Desired.Cause.Word(), vm.Desired.Staged.FloorRank)
        : null;
}

using EbpfPersonas.Controller.Activation;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>The newest of what a VM did, newest first.</summary>
/// <param name="Items">The records; the newest 1,000 are kept, from the controller's start.</param>
/// <param name="NextCursor">What to send as <c>cursor</c> for older ones; null at the end.</param>
/// <param name="EventsLost">Events that were lost on the VM since its agent started.</param>
/// <param name="Processes">Live processes; null before the VM has said what runs on it.</param>
internal sealed record ActivityPage(
    IReadOnlyList<ActivityRecord> Items, string? NextCursor, long EventsLost, int? Processes);

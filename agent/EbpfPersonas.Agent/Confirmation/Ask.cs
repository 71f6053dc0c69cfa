using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// Asks the controller over a new connection while <paramref name="inForce"/> is in force; null where it answered
/// within
/// <paramref name="limit"/>, else why not.
/// </summary>
internal delegate Task<string?> Ask(RealisedState inForce, TimeSpan limit, CancellationToken cancellation);

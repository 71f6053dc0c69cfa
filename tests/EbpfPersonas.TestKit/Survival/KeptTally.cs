namespace EbpfPersonas.TestKit.Survival;

/// <summary>What became of <see cref="KeptConnections"/>.</summary>
/// <param name="Rounds">How often each was used.</param>
/// <param name="Probes">How often the denied port was tried.</param>
/// <param name="Lost">Connections that no longer carried anything.</param>
/// <param name="DeniedArrived">Whether anything arrived at the denied port.</param>
public readonly record struct KeptTally(int Rounds, int Probes, int Lost, bool DeniedArrived);

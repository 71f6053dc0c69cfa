namespace EbpfPersonas.Personas.Documents;

/// <summary>Limits of one block device: bytes and operations per second.</summary>
internal sealed record IoLimit(string Device, long? ReadBps, long? WriteBps, long? ReadIops, long? WriteIops);

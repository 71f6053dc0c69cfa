namespace EbpfPersonas.Personas.Compile;

/// <summary>A persona needs more room than there is, in the maps or at all; nothing was touched.</summary>
public sealed class PersonaTooLargeException(string message) : Exception(message);

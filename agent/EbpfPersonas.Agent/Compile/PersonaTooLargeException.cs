using System.Globalization;

namespace EbpfPersonas.Agent.Compile;

/// <summary>A persona needs more entries than there is room for; nothing was touched.</summary>
public sealed class PersonaTooLargeException(string persona, long needed, long available)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Persona {persona} needs {needed} entries, {available} are available."));

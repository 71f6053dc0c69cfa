using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>An HTTP request seen on the wire; what is absent matches any.</summary>
internal sealed record ApiCallTrigger(string? Method, string? PathPrefix, string? Host, Direction? Direction);

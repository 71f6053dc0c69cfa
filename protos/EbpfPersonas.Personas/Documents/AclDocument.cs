namespace EbpfPersonas.Personas.Documents;

/// <summary>A rule for the processes of a subject; a subject without any part is every process.</summary>
internal sealed record AclDocument(RuleDocument Rule, string? Process, string? User, string? Group);

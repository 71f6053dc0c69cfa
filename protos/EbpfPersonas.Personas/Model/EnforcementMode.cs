namespace EbpfPersonas.Personas.Model;

/// <summary>Whether a verdict is carried out, or only counted.</summary>
public enum EnforcementMode
{
    /// <summary>Carried out.</summary>
    Enforce = 1,

    /// <summary>Counted as <c>audit</c>; the packet goes on as if the rule were not there.</summary>
    Audit = 2,
}

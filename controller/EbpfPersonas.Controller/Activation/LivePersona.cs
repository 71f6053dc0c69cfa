using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// One revision of a persona in the forms that are needed at run time. Immutable; the wire form is shared and never
/// changed.
/// </summary>
internal sealed record LivePersona(StoredPersona Stored, ValidatedPersona Validated, V1.Persona Wire, Binding Binding)
{
    public string Name => Stored.Name;

    public long Revision => Stored.Revision;

    /// <summary>Whether it is only to be evaluated.</summary>
    public bool IsAudit => Validated.Document.Lifecycle.Mode == EnforcementMode.Audit;
}

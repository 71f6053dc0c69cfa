using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// What the controller must not forget; what belongs to one tenant is found by nobody else. Every write
/// is durable when its task completes, but for
/// <see cref="VmChange.IsReported"/>, and is seen wholly or not at all, also after the process or the machine dies in
/// the middle.
/// </summary>
internal interface IStore
{
    /// <summary>Names this store: made once, never changed. Generations are comparable only within one.</summary>
    string ControllerId { get; }

    /// <summary>The newest revision, or null.</summary>
    Task<StoredPersona?> FindPersonaAsync(string tenant, string name);

    /// <summary>One revision, also of a deleted persona, or null.</summary>
    Task<StoredPersona?> FindRevisionAsync(string tenant, string name, long revision);

    /// <summary>Personas whose names come after <paramref name="after"/>, by name.</summary>
    Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string tenant, string after, int limit);

    /// <summary>Revisions below <paramref name="before"/>, newest first.</summary>
    Task<IReadOnlyList<PersonaSummary>> ListRevisionsAsync(string tenant, string name, long before, int limit);

    /// <summary>
    /// Writes a revision where <paramref name="condition"/> allows it and the bytes differ; gives the revision that is
    /// there then.
    /// </summary>
    Task<(PutOutcome Outcome, StoredPersona? Persona)> PutPersonaAsync(
        string tenant, string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now,
        AuditEntry? audit = null);

    /// <summary>
    /// Deletes unless a VM binds, defaults to, pins or should run it; then gives the ids of at most ten such
    /// VMs.
    /// </summary>
    Task<(DeleteOutcome Outcome, IReadOnlyList<string> Users)> DeletePersonaAsync(
        string tenant, string name, WriteCondition condition, AuditEntry? audit = null);

    /// <summary>All VMs.</summary>
    Task<IReadOnlyList<StoredVm>> LoadVmsAsync();

    /// <summary>Writes a change; a VM keeps its newest 1,000 activations.</summary>
    Task SaveVmAsync(VmChange change);

    /// <summary>Forgets a VM and its history.</summary>
    Task DeleteVmAsync(VmKey vm, AuditEntry? audit = null);

    /// <summary>Activations below <paramref name="before"/>, newest first.</summary>
    Task<IReadOnlyList<ActivationEntry>> ListActivationsAsync(VmKey vm, long before, int limit);

    /// <summary>Throws where the store cannot be read.</summary>
    Task CheckAsync();
}

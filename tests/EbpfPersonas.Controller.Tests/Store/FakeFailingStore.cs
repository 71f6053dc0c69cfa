using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Tests.Store;

/// <summary>A store whose disk is full from time to time.</summary>
internal sealed class FakeFailingStore(IStore inner) : IStore
{
    public bool Full { get; set; }

    public string ControllerId => inner.ControllerId;

    public Task<StoredPersona?> FindPersonaAsync(string tenant, string name) =>
        inner.FindPersonaAsync(tenant, name);

    public Task<StoredPersona?> FindRevisionAsync(string tenant, string name, long revision) =>
        inner.FindRevisionAsync(tenant, name, revision);

    public Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string tenant, string after, int limit) =>
        inner.ListPersonasAsync(tenant, after, limit);

    public Task<IReadOnlyList<PersonaSummary>> ListRevisionsAsync(string tenant, string name, long before, int limit) =>
        inner.ListRevisionsAsync(tenant, name, before, limit);

    public Task<(PutOutcome Outcome, StoredPersona? Persona)> PutPersonaAsync(
        string tenant, string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now,
        AuditEntry? audit = null) =>
        inner.PutPersonaAsync(tenant, name, document, condition, now, audit);

    public Task<(DeleteOutcome Outcome, IReadOnlyList<string> Users)> DeletePersonaAsync(
        string tenant, string name, WriteCondition condition, AuditEntry? audit = null) =>
        inner.DeletePersonaAsync(tenant, name, condition, audit);

    public Task<IReadOnlyList<StoredVm>> LoadVmsAsync() => inner.LoadVmsAsync();

    public Task SaveVmAsync(VmChange change) =>
        Full ? Task.FromException(new IOException("No space left on device.")) : inner.SaveVmAsync(change);

    public Task DeleteVmAsync(VmKey vm, AuditEntry? audit = null) => inner.DeleteVmAsync(vm, audit);

    public Task<IReadOnlyList<ActivationEntry>> ListActivationsAsync(VmKey vm, long before, int limit) =>
        inner.ListActivationsAsync(vm, before, limit);

    public Task CheckAsync() => inner.CheckAsync();
}

using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Tests.Store;

/// <summary>A store whose disk is full from time to time.</summary>
internal sealed class FakeFailingStore(IStore inner) : IStore
{
    public bool Full { get; set; }

    public string ControllerId => inner.ControllerId;

    public Task<StoredPersona?> FindPersonaAsync(string name) => inner.FindPersonaAsync(name);

    public Task<StoredPersona?> FindRevisionAsync(string name, long revision) =>
        inner.FindRevisionAsync(name, revision);

    public Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string after, int limit) =>
        inner.ListPersonasAsync(after, limit);

    public Task<IReadOnlyList<PersonaSummary>> ListRevisionsAsync(string name, long before, int limit) =>
        inner.ListRevisionsAsync(name, before, limit);

    public Task<(PutOutcome Outcome, StoredPersona? Persona)> PutPersonaAsync(
        string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now) =>
        inner.PutPersonaAsync(name, document, condition, now);

    public Task<(DeleteOutcome Outcome, IReadOnlyList<string> Users)> DeletePersonaAsync(
        string name, WriteCondition condition) => inner.DeletePersonaAsync(name, condition);

    public Task<IReadOnlyList<StoredVm>> LoadVmsAsync() => inner.LoadVmsAsync();

    public Task SaveVmAsync(VmChange change) =>
        Full ? Task.FromException(new IOException("No space left on device.")) : inner.SaveVmAsync(change);

    public Task DeleteVmAsync(string vmId) => inner.DeleteVmAsync(vmId);

    public Task<IReadOnlyList<ActivationEntry>> ListActivationsAsync(string vmId, long before, int limit) =>
        inner.ListActivationsAsync(vmId, before, limit);

    public Task CheckAsync() => inner.CheckAsync();
}

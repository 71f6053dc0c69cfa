using Dapper;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The store in one SQLite file, made at first use.</summary>
internal sealed class SqliteStore : IStore
{
    private readonly SqliteConnections _connections;
    private readonly SqlitePersonas _personas;
    private readonly SqliteVms _vms;

    static SqliteStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public SqliteStore(string path)
    {
        _connections = new SqliteConnections(path);
        _personas = new SqlitePersonas(_connections);
        _vms = new SqliteVms(_connections);
        Identities = new SqliteIdentities(_connections);
    }

    /// <summary>Tokens and certificates, in the same file.</summary>
    public IIdentityStore Identities { get; }

    public string ControllerId => _connections.ControllerId;

    public Task<StoredPersona?> FindPersonaAsync(string name) => Task.FromResult(_personas.Find(name));

    public Task<StoredPersona?> FindRevisionAsync(string name, long revision) =>
        Task.FromResult(_personas.FindRevision(name, revision));

    public Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string after, int limit) =>
        Task.FromResult(_personas.List(after, limit));

    public Task<IReadOnlyList<PersonaSummary>> ListRevisionsAsync(string name, long before, int limit) =>
        Task.FromResult(_personas.ListRevisions(name, before, limit));

    public Task<(PutOutcome Outcome, StoredPersona? Persona)> PutPersonaAsync(
        string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now) =>
        Task.FromResult(_personas.Put(name, document, condition, now));

    public Task<(DeleteOutcome Outcome, IReadOnlyList<string> Users)> DeletePersonaAsync(
        string name, WriteCondition condition) =>
        Task.FromResult(_personas.Delete(name, condition));

    public Task<IReadOnlyList<StoredVm>> LoadVmsAsync() => Task.FromResult(_vms.Load());

    public Task SaveVmAsync(VmChange change)
    {
        _vms.Save(change);
        return Task.CompletedTask;
    }

    public Task DeleteVmAsync(string vmId)
    {
        _vms.Delete(vmId);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ActivationEntry>> ListActivationsAsync(string vmId, long before, int limit) =>
        Task.FromResult(_vms.ListActivations(vmId, before, limit));

    public Task CheckAsync() =>
        Task.FromResult(_connections.Read(connection => connection.ExecuteScalar<long>("PRAGMA user_version")));
}

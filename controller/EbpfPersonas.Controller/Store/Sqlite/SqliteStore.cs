using Dapper;
using EbpfPersonas.Controller.Audit;

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
        Tokens = new SqliteTokens(_connections);
        Audit = new SqliteAudit(_connections);
        Identities = new SqliteIdentities(_connections);
    }

    /// <summary>The callers' tokens, in the same file.</summary>
    public ITokenStore Tokens { get; }

    /// <summary>The VMs' enrolment tokens and certificates, in the same file.</summary>
    public IIdentityStore Identities { get; }

    /// <summary>The audit, in the same file.</summary>
    public IAudit Audit { get; }

    public string ControllerId => _connections.ControllerId;

    public Task<StoredPersona?> FindPersonaAsync(string tenant, string name) =>
        Task.FromResult(_personas.Find(tenant, name));

    public Task<StoredPersona?> FindRevisionAsync(string tenant, string name, long revision) =>
        Task.FromResult(_personas.FindRevision(tenant, name, revision));

    public Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string tenant, string after, int limit) =>
        Task.FromResult(_personas.List(tenant, after, limit));

    public Task<IReadOnlyList<PersonaSummary>> ListRevisionsAsync(string tenant, string name, long before, int limit) =>
        Task.FromResult(_personas.ListRevisions(tenant, name, before, limit));

    public Task<(PutOutcome Outcome, StoredPersona? Persona)> PutPersonaAsync(
        string tenant, string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now,
        AuditEntry? audit = null) =>
        Task.FromResult(_personas.Put(tenant, name, document, condition, now, audit));

    public Task<(DeleteOutcome Outcome, IReadOnlyList<string> Users)> DeletePersonaAsync(
        string tenant, string name, WriteCondition condition, AuditEntry? audit = null) =>
        Task.FromResult(_personas.Delete(tenant, name, condition, audit));

    public Task<IReadOnlyList<StoredVm>> LoadVmsAsync() => Task.FromResult(_vms.Load());

    public Task SaveVmAsync(VmChange change)
    {
        _vms.Save(change);
        return Task.CompletedTask;
    }

    public Task DeleteVmAsync(VmKey vm, AuditEntry? audit = null)
    {
        _vms.Delete(vm, audit);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ActivationEntry>> ListActivationsAsync(VmKey vm, long before, int limit) =>
        Task.FromResult(_vms.ListActivations(vm, before, limit));

    public Task CheckAsync() =>
        Task.FromResult(_connections.Read(connection => connection.ExecuteScalar<long>("PRAGMA user_version")));
}

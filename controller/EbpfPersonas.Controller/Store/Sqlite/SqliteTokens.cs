using Dapper;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Audit;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The table <c>tokens</c>.</summary>
internal sealed class SqliteTokens(SqliteConnections connections) : ITokenStore
{
    private const string Columns =
        "id, tenant, name, role, secret_hash, created, created_by, expires, last_used";

    public Task AddTokenAsync(StoredToken token, AuditEntry audit) => Task.FromResult(connections.Write(writer =>
    {
        writer.Execute(
            $"INSERT INTO tokens ({Columns}) VALUES (@Id, @Tenant, @Name, @Role, @SecretHash, @Created, @CreatedBy, " +
            "@Expires, @LastUsed)",
            Row.From(token));
        return SqliteAudit.Append(writer, audit);
    }));

    public Task<StoredToken?> FindTokenAsync(string id) => Task.FromResult(connections.Read(
        connection => connection.QuerySingleOrDefault<Row>(
            $"SELECT {Columns} FROM tokens WHERE id = @id", new { id }))?.ToToken());

    public Task<IReadOnlyList<StoredToken>> ListTokensAsync(string tenant, string after, int limit) =>
        Task.FromResult<IReadOnlyList<StoredToken>>(connections.Read(connection => connection.Query<Row>(
            $"SELECT {Columns} FROM tokens WHERE tenant = @tenant AND id > @after ORDER BY id LIMIT @limit",
            new { tenant, after, limit }).Select(row => row.ToToken()).ToArray()));

    public Task<bool> DeleteTokenAsync(string tenant, string id, AuditEntry audit) =>
        Task.FromResult(connections.Write(writer =>
            writer.Execute("DELETE FROM tokens WHERE tenant = @tenant AND id = @id", new { tenant, id }) > 0
            && SqliteAudit.Append(writer, audit) > 0));

    public Task TouchTokenAsync(string id, DateTimeOffset used)
    {
        try
        {
            connections.Write(
                writer => writer.Execute(
                    "UPDATE tokens SET last_used = @at WHERE id = @id", new { id, at = used.ToUnixTimeMilliseconds() }),
                durable: false);
        }
        catch (SqliteException)
        {
            // On a disk that is full what is only read is still answered.
        }

        return Task.CompletedTask;
    }

    public Task PruneAsync(DateTimeOffset before) => Task.FromResult(connections.Write(writer => writer.Execute(
        "DELETE FROM tokens WHERE expires < @before", new { before = before.ToUnixTimeMilliseconds() })));

    private sealed class Row
    {
        public string Id { get; set; } = "";

        public string Tenant { get; set; } = "";

        public string Name { get; set; } = "";

        public long Role { get; set; }

        public byte[] SecretHash { get; set; } = [];

        public long Created { get; set; }

        public string CreatedBy { get; set; } = "";

        public long? Expires { get; set; }

        public long? LastUsed { get; set; }

        public static Row From(StoredToken token) => new()
        {
            Id = token.Id,
            Tenant = token.Tenant,
            Name = token.Name,
            Role = (long)token.Role,
            SecretHash = token.SecretHash.ToArray(),
            Created = token.Created.ToUnixTimeMilliseconds(),
            CreatedBy = token.CreatedBy,
            Expires = token.Expires?.ToUnixTimeMilliseconds(),
            LastUsed = token.LastUsed?.ToUnixTimeMilliseconds(),
        };

        public StoredToken ToToken() => new(
            Id, Tenant, Name, (Role)Role, SecretHash, Time(Created), CreatedBy,
            Expires is { } expires ? Time(expires) : null, LastUsed is { } used ? Time(used) : null);

        private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }
}

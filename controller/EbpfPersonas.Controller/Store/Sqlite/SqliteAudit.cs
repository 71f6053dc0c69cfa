using Dapper;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The table <c>audit</c>. Nothing in it is ever changed or taken out.</summary>
internal sealed class SqliteAudit(SqliteConnections connections) : IAudit
{
    private const string Columns = "sequence, at, tenant, actor, action, target, source, result, hash";

    /// <summary>
    /// Adds an entry within the transaction that is open, so that it is there exactly if the change is; the first of
    /// several changes has it. Gives the number of records added.
    /// </summary>
    public static int Append(SqliteWriter writer, AuditEntry? entry)
    {
        if (entry is null or { IsStored: true })
        {
            return 0;
        }

        // Not remembered: the command line writes too.
        var last = writer.Connection.QuerySingleOrDefault<Row>(
            $"SELECT {Columns} FROM audit ORDER BY sequence DESC LIMIT 1", transaction: writer.Transaction);
        writer.Execute(
            $"INSERT INTO audit ({Columns}) " +
            "VALUES (@Sequence, @At, @Tenant, @Actor, @Action, @Target, @Source, @Result, @Hash)",
            Row.From(AuditRecord.After(last?.ToRecord(), entry)));
        writer.OnCommit(() => entry.IsStored = true);
        return 1;
    }

    public Task AppendAsync(AuditEntry entry)
    {
        connections.Write(writer => Append(writer, entry));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<AuditRecord>> ListAsync(string tenant, long before, int limit) =>
        Task.FromResult<IReadOnlyList<AuditRecord>>(connections.Read(connection => connection.Query<Row>(
            $"SELECT {Columns} FROM audit WHERE tenant = @tenant AND sequence < @before " +
            "ORDER BY sequence DESC LIMIT @limit",
            new { tenant, before, limit }).Select(row => row.ToRecord()).ToArray()));

    public Task<AuditVerification> VerifyAsync(long expected = 0) => Task.FromResult(connections.Read(connection =>
    {
        AuditRecord? last = null;
        string? hash = null;
        var rows = connection.Query<Row>($"SELECT {Columns} FROM audit ORDER BY sequence", buffered: false);
        foreach (var record in rows.Select(row => row.ToRecord()))
        {
            if (!record.Follows(last))
            {
                return new AuditVerification(last, (last?.Sequence ?? 0) + 1, hash);
            }

            last = record;
            hash = record.Sequence == expected ? Convert.ToHexStringLower(record.Hash.Span) : hash;
        }

        return new AuditVerification(last, null, hash);
    }));

    private sealed class Row
    {
        // A time that somebody else wrote may be none; the chain says that it is not what it was.
        private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
        private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

        public long Sequence { get; set; }

        public long At { get; set; }

        public string? Tenant { get; set; }

        public string Actor { get; set; } = "";

        public string Action { get; set; } = "";

        public string Target { get; set; } = "";

        public string Source { get; set; } = "";

        public string Result { get; set; } = "";

        public byte[] Hash { get; set; } = [];

        public static Row From(AuditRecord record) => new()
        {
            Sequence = record.Sequence,
            At = record.At.ToUnixTimeMilliseconds(),
            Tenant = record.Tenant,
            Actor = record.Actor,
            Action = record.Action,
            Target = record.Target,
            Source = record.Source,
            Result = record.Result,
            Hash = record.Hash.ToArray(),
        };

        public AuditRecord ToRecord() => new(
            Sequence, DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(At, Earliest, Latest)), Tenant, Actor, Action,
            Target, Source, Result, Hash);
    }
}

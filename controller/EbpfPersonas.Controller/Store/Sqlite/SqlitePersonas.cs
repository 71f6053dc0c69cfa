using Dapper;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The tables <c>personas</c> and <c>persona_revisions</c>.</summary>
internal sealed class SqlitePersonas(SqliteConnections connections)
{
    private const string Newest =
        "SELECT p.tenant, p.name, r.revision, r.document, p.created, r.updated FROM personas p " +
        "JOIN persona_revisions r ON r.tenant = p.tenant AND r.name = p.name AND r.revision = p.revision " +
        "WHERE p.tenant = @tenant AND p.name = @name";

    private const string OneRevision =
        "SELECT p.tenant, p.name, r.revision, r.document, p.created, r.updated FROM personas p " +
        "JOIN persona_revisions r ON r.tenant = p.tenant AND r.name = p.name " +
        "WHERE p.tenant = @tenant AND p.name = @name AND r.revision = @revision";

    public StoredPersona? Find(string tenant, string name) => connections.Read(
        connection => connection.QuerySingleOrDefault<Row>(
        $"{Newest} AND p.deleted = 0",
        new { tenant, name }))?.ToPersona();

    public StoredPersona? FindRevision(string tenant, string name, long revision) =>
        connections.Read(connection => connection.QuerySingleOrDefault<Row>(
        OneRevision,
        new { tenant, name, revision }))?.ToPersona();

    public IReadOnlyList<PersonaSummary> List(string tenant, string after, int limit) =>
        connections.Read(connection => connection.Query<Row>(
        """
        SELECT p.tenant, p.name, r.revision, p.created,
        r.updated FROM personas p
        JOIN persona_revisions r ON r.tenant = p.tenant AND r.name = p.name AND r.revision = p.revision
        WHERE p.tenant = @tenant AND p.deleted = 0 AND p.name > @after ORDER BY p.name LIMIT @limit
        """,
        new { tenant, after, limit })).Select(row => row.ToSummary()).ToArray();

    public IReadOnlyList<PersonaSummary> ListRevisions(string tenant, string name, long before, int limit) =>
        connections.Read(connection => connection.Query<Row>(
        """
        SELECT p.tenant, p.name, r.revision, p.created, r.updated FROM personas p
        JOIN persona_revisions r ON r.tenant = p.tenant AND r.name = p.name
        WHERE p.tenant = @tenant AND p.name = @name AND r.revision < @before ORDER BY r.revision DESC LIMIT @limit
        """,
        new { tenant, name, before, limit })).Select(row => row.ToSummary()).ToArray();

    public (PutOutcome, StoredPersona?) Put(
        string tenant, string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now,
        AuditEntry? audit) =>
        connections.Write(writer =>
        {
            var (connection, transaction) = (writer.Connection, writer.Transaction);
            var head = connection.QuerySingleOrDefault<Head>(
                "SELECT revision, deleted, created FROM personas WHERE tenant = @tenant AND name = @name",
                new { tenant, name }, transaction);
            var exists = head is { Deleted: 0 };
            if (!condition.Allows(exists ? head!.Revision : null))
            {
                return (PutOutcome.ConditionFailed, null);
            }

            var millisecond = now.ToUnixTimeMilliseconds();
            if (exists)
            {
                var current = connection.QuerySingle<Row>(
                    Newest,
                    new { tenant, name }, transaction).ToPersona();
                if (current.Document.Span.SequenceEqual(document.Span))
                {
                    return (PutOutcome.Unchanged, current);
                }
            }

            // The numbers of a deleted persona are not used again: a revision names one document for ever.
            var revision = (head?.Revision ?? 0) + 1;
            var created = exists ? head!.Created : millisecond;
            connection.Execute(
                "INSERT INTO personas (tenant, name, revision, deleted, created) " +
                "VALUES (@tenant, @name, @revision, 0, @created) " +
                "ON CONFLICT (tenant, name) DO UPDATE SET revision = @revision, deleted = 0, created = @created",
                new { tenant, name, revision, created }, transaction);
            connection.Execute(
                "INSERT INTO persona_revisions (tenant, name, revision, document, updated) " +
                "VALUES (@tenant, @name, @revision, @document, @millisecond)",
                new { tenant, name, revision, document = document.ToArray(), millisecond }, transaction);
            SqliteAudit.Append(writer, audit);
            return (
                exists ? PutOutcome.Replaced : PutOutcome.Created,
                (StoredPersona?)new StoredPersona(tenant, name, revision, document, Time(created), Time(millisecond)));
        });

    public (DeleteOutcome, IReadOnlyList<string>) Delete(
        string tenant, string name, WriteCondition condition, AuditEntry? audit) =>
        connections.Write(writer =>
    {
        var (connection, transaction) = (writer.Connection, writer.Transaction);
        var revision = connection.QuerySingleOrDefault<long?>(
            "SELECT revision FROM personas WHERE tenant = @tenant AND name = @name AND deleted = 0",
            new { tenant, name }, transaction);
        if (revision is null)
        {
            return (DeleteOutcome.NotFound, []);
        }

        if (!condition.Allows(revision))
        {
            return (DeleteOutcome.ConditionFailed, []);
        }

        var users = connection.Query<string>(
            """
            SELECT vm_id FROM bindings WHERE tenant = @tenant AND persona = @name
            UNION SELECT id FROM vms WHERE tenant = @tenant AND @name IN (default_persona, pin_persona, desired_persona)
            ORDER BY 1 LIMIT 10
            """,
            new { tenant, name }, transaction).ToArray();
        if (users.Length > 0)
        {
            return (DeleteOutcome.InUse, users);
        }

        connection.Execute(
            "UPDATE personas SET deleted = 1 WHERE tenant = @tenant AND name = @name",
            new { tenant, name }, transaction);
        SqliteAudit.Append(writer, audit);
        return (DeleteOutcome.Deleted, (IReadOnlyList<string>)[]);
    });

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private sealed class Head
    {
        public long Revision { get; set; }

        public long Deleted { get; set; }

        public long Created { get; set; }
    }

    private sealed class Row
    {
        public string Tenant { get; set; } = "";

        public string Name { get; set; } = "";

        public long Revision { get; set; }

        public byte[] Document { get; set; } = [];

        public long Created { get; set; }

        public long Updated { get; set; }

        public StoredPersona ToPersona() => new(Tenant, Name, Revision, Document, Time(Created), Time(Updated));

        public PersonaSummary ToSummary() => new(Name, Revision, Time(Created), Time(Updated));
    }
}

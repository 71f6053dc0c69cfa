using Dapper;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The tables <c>personas</c> and <c>persona_revisions</c>.</summary>
internal sealed class SqlitePersonas(SqliteConnections connections)
{
    private const string Newest =
        "SELECT p.name, r.revision, r.document, p.created, r.updated FROM personas p " +
        "JOIN persona_revisions r ON r.name = p.name AND r.revision = p.revision WHERE p.name = @name";

    private const string OneRevision =
        "SELECT p.name, r.revision, r.document, p.created, r.updated FROM personas p " +
        "JOIN persona_revisions r ON r.name = p.name WHERE p.name = @name AND r.revision = @revision";

    public StoredPersona? Find(string name) => connections.Read(connection => connection.QuerySingleOrDefault<Row>(
        $"{Newest} AND p.deleted = 0",
        new { name }))?.ToPersona();

    public StoredPersona? FindRevision(string name, long revision) =>
        connections.Read(connection => connection.QuerySingleOrDefault<Row>(
        OneRevision,
        new { name, revision }))?.ToPersona();

    public IReadOnlyList<PersonaSummary> List(string after, int limit) =>
        connections.Read(connection => connection.Query<Row>(
        """
        SELECT p.name, r.revision, p.created,
        r.updated FROM personas p JOIN persona_revisions r ON r.name = p.name AND r.revision = p.revision
        WHERE p.deleted = 0 AND p.name > @after ORDER BY p.name LIMIT @limit
        """,
        new { after, limit })).Select(row => row.ToSummary()).ToArray();

    public IReadOnlyList<PersonaSummary> ListRevisions(string name, long before, int limit) =>
        connections.Read(connection => connection.Query<Row>(
        """
        SELECT p.name, r.revision, p.created, r.updated FROM personas p JOIN persona_revisions r ON r.name = p.name
        WHERE p.name = @name AND r.revision < @before ORDER BY r.revision DESC LIMIT @limit
        """,
        new { name, before, limit })).Select(row => row.ToSummary()).ToArray();

    public (PutOutcome, StoredPersona?) Put(
        string name, ReadOnlyMemory<byte> document, WriteCondition condition, DateTimeOffset now) =>
        connections.Write(writer =>
        {
            var (connection, transaction) = (writer.Connection, writer.Transaction);
            var head = connection.QuerySingleOrDefault<Head>(
                "SELECT revision, deleted, created FROM personas WHERE name = @name", new { name }, transaction);
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
                    new { name }, transaction).ToPersona();
                if (current.Document.Span.SequenceEqual(document.Span))
                {
                    return (PutOutcome.Unchanged, current);
                }
            }

            // The numbers of a deleted persona are not used again: a revision names one document for ever.
            var revision = (head?.Revision ?? 0) + 1;
            var created = exists ? head!.Created : millisecond;
            connection.Execute(
                "INSERT INTO personas (name, revision, deleted, created) VALUES (@name, @revision, 0, @created) " +
                "ON CONFLICT (name) DO UPDATE SET revision = @revision, deleted = 0, created = @created",
                new { name, revision, created }, transaction);
            connection.Execute(
                "INSERT INTO persona_revisions (name, revision, document, updated) VALUES (@name, @revision, " +
                "@document, @millisecond)",
                new { name, revision, document = document.ToArray(), millisecond }, transaction);
            return (
                exists ? PutOutcome.Replaced : PutOutcome.Created,
                (StoredPersona?)new StoredPersona(name, revision, document, Time(created), Time(millisecond)));
        });

    public (DeleteOutcome, IReadOnlyList<string>) Delete(string name, WriteCondition condition) =>
        connections.Write(writer =>
    {
        var (connection, transaction) = (writer.Connection, writer.Transaction);
        var revision = connection.QuerySingleOrDefault<long?>(
            "SELECT revision FROM personas WHERE name = @name AND deleted = 0", new { name }, transaction);
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
            SELECT vm_id FROM bindings WHERE persona = @name
            UNION SELECT id FROM vms WHERE @name IN (default_persona, pin_persona, desired_persona)
            ORDER BY 1 LIMIT 10
            """,
            new { name }, transaction).ToArray();
        if (users.Length > 0)
        {
            return (DeleteOutcome.InUse, users);
        }

        connection.Execute("UPDATE personas SET deleted = 1 WHERE name = @name", new { name }, transaction);
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
        public string Name { get; set; } = "";

        public long Revision { get; set; }

        public byte[] Document { get; set; } = [];

        public long Created { get; set; }

        public long Updated { get; set; }

        public StoredPersona ToPersona() => new(Name, Revision, Document, Time(Created), Time(Updated));

        public PersonaSummary ToSummary() => new(Name, Revision, Time(Created), Time(Updated));
    }
}

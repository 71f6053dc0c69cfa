using EbpfPersonas.Controller.Audit;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>What a store's audit says of agents, whatever tenant they are of or say they are.</summary>
internal sealed class AgentAudit(string file)
{
    private static readonly string[] Actions = ["Enrol", "Renew", "Connect", "Confirm"];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<AuditRecord> Entries => [.. Read(file).Where(record => Actions.Contains(record.Action))];

    /// <summary>What came of everything of one kind, in order.</summary>
    public IEnumerable<string> Results(string action) =>
        Entries.Where(entry => entry.Action == action).Select(entry => entry.Result);

    /// <summary>All records, oldest first.</summary>
    public static IReadOnlyList<AuditRecord> Read(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT sequence, at, tenant, actor, action, target, source, result, hash FROM audit ORDER BY sequence";
        using var reader = command.ExecuteReader();
        var records = new List<AuditRecord>();
        while (reader.Read())
        {
            records.Add(new AuditRecord(
                reader.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)),
                reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetString(3), reader.GetString(4),
                reader.GetString(5), reader.GetString(6), reader.GetString(7), (byte[])reader.GetValue(8)));
        }

        return records;
    }
}

using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// How many there are of everything that a request can add to the store. What a VM reports of itself (what it runs,
/// its switches, its rollbacks) is not in it, and neither is the audit, which grows.
/// </summary>
internal static class KeptThings
{
    private static readonly string[] Tables =
        ["personas", "persona_revisions", "vms", "bindings", "tokens", "enrolment_tokens", "vm_certificates"];

    public static string Count(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        return string.Join(", ", Tables.Select(table =>
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // One of the names above.
            command.CommandText = $"SELECT count(*) FROM {table}";
#pragma warning restore CA2100
            return $"{table} {command.ExecuteScalar()}";
        }));
    }
}

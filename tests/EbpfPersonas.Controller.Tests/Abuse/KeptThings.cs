using System.Globalization;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>
/// Everything that a request can add to the store, or change there: the rows, and of those that change whenever a VM or
/// a token is heard of, how many there are. The audit, which grows, is not in it.
/// </summary>
internal static class KeptThings
{
    private static readonly string[] Counted = ["vms", "tokens"];

    private static readonly string[] Read =
        ["personas", "persona_revisions", "bindings", "enrolment_tokens", "vm_certificates"];

    public static string Of(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        return string.Join('\n', [
            .. Counted.Select(table => $"{table} {Rows(connection, $"SELECT count(*) FROM {table}").Single()}"),
            .. Read.SelectMany(table => Rows(connection, $"SELECT * FROM {table} ORDER BY 1, 2")
                .Select(row => $"{table} {row}")),
        ]);
    }

    private static List<string> Rows(SqliteConnection connection, string query)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Made of the names above.
        command.CommandText = query;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(field =>
                reader.GetValue(field) is byte[] octets
                    ? Convert.ToHexString(octets)
                    : string.Create(CultureInfo.InvariantCulture, $"{reader.GetValue(field)}"))));
        }

        return rows;
    }
}

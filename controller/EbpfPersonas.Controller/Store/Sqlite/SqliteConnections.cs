using Dapper;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>Opens the file, one writer at a time, readers beside it.</summary>
internal sealed class SqliteConnections
{
    private readonly string _connectionString;
    private readonly Lock _writer = new();

    public SqliteConnections(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            ForeignKeys = true,
            DefaultTimeout = 5,
        }.ToString();
        using var connection = Open();
        SqliteSchema.Migrate(connection);
        ControllerId = SqliteSchema.ReadControllerId(connection);
    }

    public string ControllerId { get; }

    /// <summary>Runs <paramref name="query"/> beside whatever is being written.</summary>
    public T Read<T>(Func<SqliteConnection, T> query)
    {
        using var connection = Open();
        return query(connection);
    }

    /// <summary>Runs <paramref name="change"/> in one transaction that begins as a writer (BEGIN IMMEDIATE).</summary>
    public T Write<T>(Func<SqliteConnection, SqliteTransaction, T> change)
    {
        lock (_writer)
        {
            using var connection = Open();
            using var transaction = connection.BeginTransaction(deferred: false);
            var result = change(connection, transaction);
            transaction.Commit();
            return result;
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        // FULL: in WAL, NORMAL would lose the last commits with the power, and with them generations that agents have
        // seen.
        connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        return connection;
    }
}

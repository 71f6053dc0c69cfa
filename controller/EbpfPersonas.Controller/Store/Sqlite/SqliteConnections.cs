using Dapper;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>Opens the file, one writer at a time, readers beside it.</summary>
internal sealed class SqliteConnections
{
    private readonly string _connectionString;
    private readonly string _log;
    private readonly Lock _writing = new();
    private readonly SqliteWriter? _writer;
    private int _flushDue;

    /// <summary>Opens the store, and makes it where there is none: for its owner alone.</summary>
    public SqliteConnections(string path)
        : this(path, SqliteOpenMode.ReadWrite)
    {
        Directory.CreateDirectory(
            Path.GetDirectoryName(Path.GetFullPath(path))!,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!File.Exists(path))
        {
            Make(path);
        }

        using (var connection = Open())
        {
            connection.Execute("PRAGMA journal_mode = WAL");
            connection.Execute("PRAGMA synchronous = FULL");
            SqliteSchema.Migrate(connection);
            ControllerId = SqliteSchema.ReadControllerId(connection);
        }

        _writer = new SqliteWriter(Open());
    }

    private SqliteConnections(string path, SqliteOpenMode mode)
    {
        _log = path + "-wal";
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            ForeignKeys = true,
            DefaultTimeout = 5,
        }.ToString();
    }

    /// <summary>Empty where the store was opened for reading.</summary>
    public string ControllerId { get; } = "";

    /// <summary>Opens a store that is there, as it is; nothing can be written to it.</summary>
    public static SqliteConnections ForReading(string path) => new(path, SqliteOpenMode.ReadOnly);

    /// <summary>Runs <paramref name="query"/> beside whatever is being written.</summary>
    public T Read<T>(Func<SqliteConnection, T> query)
    {
        using var connection = Open();
        return query(connection);
    }

    /// <summary>
    /// Runs <paramref name="change"/> in one transaction that begins as a writer (BEGIN IMMEDIATE). When it returns,
    /// what was written outlives the process, and the machine too; if not <paramref name="durable"/>, that a moment
    /// later.
    /// </summary>
    public T Write<T>(Func<SqliteWriter, T> change, bool durable = true)
    {
        T result;
        lock (_writing)
        {
            result = (_writer ?? throw new InvalidOperationException("This store is only read."))
                .Run(change, durable);
        }

        if (!durable && Interlocked.Exchange(ref _flushDue, 1) == 0)
        {
            _ = Task.Run(Flush);
        }

        return result;
    }

    /// <summary>SQLite takes an empty file for a new store, and gives the files beside it the same mode.</summary>
    private static void Make(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>The commits so far are in the log, and its locks are not on this file.</summary>
    private void Flush()
    {
        Volatile.Write(ref _flushDue, 0);
        try
        {
            using var log = File.OpenHandle(
                _log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(log);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next durable write flushes the same log, and says what is wrong.
        }
    }
}

using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>
/// The connection that writes. Its statements are prepared once and stay so: to parse them anew takes longer than to
/// carry them out, and an activation waits for that.
/// </summary>
internal sealed class SqliteWriter(SqliteConnection connection)
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly List<Action> _committed = [];
    private bool? _durable;

    public SqliteConnection Connection => connection;

    /// <summary>The one that is open.</summary>
    public SqliteTransaction? Transaction { get; private set; }

    /// <summary>
    /// Runs <paramref name="change"/> in one transaction that begins as a writer (BEGIN IMMEDIATE); see
    /// <see cref="SqliteConnections.Write"/>.
    /// </summary>
    public T Run<T>(Func<SqliteWriter, T> change, bool durable)
    {
        if (_durable != durable)
        {
            // In WAL mode NORMAL writes what is committed, and leaves it to others to flush it.
            Execute(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", new object());
            _durable = durable;
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        Transaction = transaction;
        try
        {
            var result = change(this);
            transaction.Commit();
            _committed.ForEach(committed => committed());
            return result;
        }
        finally
        {
            Transaction = null;
            _committed.Clear();
        }
    }

    /// <summary>Does something once what this transaction writes is there.</summary>
    public void OnCommit(Action action) => _committed.Add(action);

    /// <summary>
    /// Carries a statement out, once or once for each of several rows: its parameters, each <c>@Name</c> in it, are
    /// properties of that name. Gives the rows that it changed.
    /// </summary>
    public int Execute(string statement, object values)
    {
        if (!_commands.TryGetValue(statement, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = statement;
            _commands[statement] = command;
        }

        command.Transaction = Transaction;
        return values is IEnumerable rows
            ? rows.Cast<object>().Sum(row => ExecuteOne(command, row))
            : ExecuteOne(command, values);
    }

    private static int ExecuteOne(SqliteCommand command, object row)
    {
        var properties = Properties.GetOrAdd(row.GetType(), type => type.GetProperties());
        if (command.Parameters.Count == 0)
        {
            command.Parameters.AddRange(properties.Select(property => new SqliteParameter("@" + property.Name, null)));
        }

        for (var index = 0; index < properties.Length; index++)
        {
            command.Parameters[index].Value = properties[index].GetValue(row) ?? DBNull.Value;
        }

        return command.ExecuteNonQuery();
    }
}

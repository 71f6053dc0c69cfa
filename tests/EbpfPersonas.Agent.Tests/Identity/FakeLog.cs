using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Tests.Identity;

/// <summary>Keeps every line that is logged, of whatever level, with its exception.</summary>
internal sealed class FakeLog
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public int Count(string part) => Lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    public ILogger<T> For<T>() => new Logger<T>(_lines);

    private sealed class Logger<T>(ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{formatter(state, exception)} {exception}");
    }
}

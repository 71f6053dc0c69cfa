namespace EbpfPersonas.Agent.Link;

/// <summary>A file of the state directory cannot be used; the message names it.</summary>
internal sealed class StateFileException(StateFault fault, string path, string message, Exception? cause = null)
    : Exception($"{path}: {message}", cause)
{
    /// <summary>The kind of fault.</summary>
    public StateFault Fault { get; } = fault;
}

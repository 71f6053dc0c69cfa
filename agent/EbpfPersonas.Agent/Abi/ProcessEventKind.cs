namespace EbpfPersonas.Agent.Abi;

/// <summary>Mirror of <c>enum process_event_kind</c>, bpf/abi/process_event.h.</summary>
public enum ProcessEventKind : uint
{
    /// <summary>A process has a new image.</summary>
    Exec = 1,

    /// <summary>A new process with its parent's image.</summary>
    Fork = 2,

    /// <summary>The last thread of a process ended, or the process left the namespace.</summary>
    Exit = 3,

    /// <summary>A <see cref="ProcessTurn"/>.</summary>
    Turn = 4,
}

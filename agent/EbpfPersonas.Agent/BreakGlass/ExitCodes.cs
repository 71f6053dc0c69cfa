namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What the commands end with.</summary>
internal static class ExitCodes
{
    /// <summary>Done, and it holds over a restart; status: something is enforced.</summary>
    public const int Done = 0;

    /// <summary>Not done; the message says why.</summary>
    public const int Failed = 1;

    /// <summary>Done, but the disk took no note of it.</summary>
    public const int NotKept = 2;

    /// <summary>Only for status: nothing is enforced on this VM.</summary>
    public const int NotEnforced = 3;
}

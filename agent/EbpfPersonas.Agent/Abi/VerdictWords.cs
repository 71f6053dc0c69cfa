using System.Text.Json;

namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// The words of verdicts, reasons, directions and hooks, as metrics, events and logs say them: the C names in
/// snake_case.
/// </summary>
public static class VerdictWords
{
    private static readonly string[] Verdicts = Words<Verdict>((int)Verdict.Count);
    private static readonly string[] Reasons = Words<Reason>((int)Reason.ConntrackFull + 1);
    private static readonly string[] Directions = Words<PacketDirection>((int)PacketDirection.Count);
    private static readonly string[] Hooks = Words<SocketHook>((int)SocketHook.Count);

    /// <summary>For example "forwarded".</summary>
    public static string Word(this Verdict verdict) => Verdicts[(int)verdict];

    /// <summary>For example "default_deny".</summary>
    public static string Word(this Reason reason) => Reasons[(int)reason];

    /// <summary>"ingress" or "egress".</summary>
    public static string Word(this PacketDirection direction) => Directions[(int)direction];

    /// <summary>"connect" or "sendmsg".</summary>
    public static string Word(this SocketHook hook) => Hooks[(int)hook];

    /// <summary>Every reason of the closed list.</summary>
    public static IReadOnlyList<string> AllReasons => Reasons;

    private static string[] Words<T>(int count)
        where T : struct, Enum =>
        [.. Enum.GetNames<T>().Take(count).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}

using System.Globalization;
using EbpfPersonas.Personas.Json;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What people are told of a hold, on the VM and at the controller.</summary>
internal static class HoldNote
{
    /// <summary>Who gave the command, and when: one sentence, safe to show.</summary>
    public static string Of(V1.ControlRequest request, DateTimeOffset now)
    {
        var who = request.SudoUser.Length > 0
            ? $"uid {request.UserId} (sudo by {Printable.Clean(request.SudoUser)})"
            : $"uid {request.UserId}";
        return string.Create(CultureInfo.InvariantCulture, $"Since {now:yyyy-MM-dd'T'HH:mm:ss'Z'}, by {who}.");
    }

    /// <summary>There are no filters; <paramref name="note"/> says who and when.</summary>
    public static string Detached(string note) =>
        $"The filters are off by hand, nothing is enforced. {note} To end it: ebpf-personas-agent attach.";

    /// <summary>The baseline is held; <paramref name="note"/> says who and when.</summary>
    public static string Baseline(string note) =>
        $"The baseline is in force by hand. {note} To end it: ebpf-personas-agent resume.";
}

using System.Text.Json;

namespace EbpfPersonas.TestKit.Network;

/// <summary>What an interface counted: frames and their octets, link-layer headers included.</summary>
public readonly record struct LinkCounters(ulong SentFrames, ulong SentOctets)
{
    /// <summary>From the output of `ip -j -s link show DEVICE`.</summary>
    public static LinkCounters Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var sent = document.RootElement[0].GetProperty("stats64").GetProperty("tx");
        return new LinkCounters(sent.GetProperty("packets").GetUInt64(), sent.GetProperty("bytes").GetUInt64());
    }
}

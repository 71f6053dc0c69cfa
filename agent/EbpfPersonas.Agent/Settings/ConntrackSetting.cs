using System.Globalization;
using System.Text.Json;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Agent.Settings;

/// <summary>The operator's sizes and times of conntrack.</summary>
internal static class ConntrackSetting
{
    /// <summary>
    /// Reads a JSON object such as {"flows": 65536, "udp": "120s"}; what is absent keeps its default. Throws
    /// <see cref="FormatException"/> that names the key.
    /// </summary>
    public static ConntrackOptions Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().Aggregate(new ConntrackOptions(), With)
                : throw new FormatException("is a JSON object");
        }
        catch (JsonException malformed)
        {
            throw new FormatException(malformed.Message);
        }
    }

    private static ConntrackOptions With(ConntrackOptions options, JsonProperty property) => property.Name switch
    {
        "flows" => options with { Flows = Flows(property) },
        "new_flows" => options with { NewFlows = Flows(property) },
        "tcp_opening" => options with { TcpOpening = Seconds(property) },
        "tcp_established" => options with { TcpEstablished = Seconds(property) },
        "tcp_closing" => options with { TcpClosing = Seconds(property) },
        "tcp_closed" => options with { TcpClosed = Seconds(property) },
        "unanswered" => options with { Unanswered = Seconds(property) },
        "udp" => options with { Udp = Seconds(property) },
        "icmp" => options with { Icmp = Seconds(property) },
        "other" => options with { Other = Seconds(property) },
        _ => throw new FormatException(
            $"/{property.Name} is not known; it has flows, new_flows, tcp_opening, tcp_established, tcp_closing, "
            + "tcp_closed, unanswered, udp, icmp and other"),
    };

    private static int Flows(JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.Number
            && property.Value.TryGetInt32(out var flows)
            && flows is >= ConntrackOptions.FlowsLeast and <= ConntrackOptions.FlowsMost
            ? flows
            : throw new FormatException(string.Create(
                CultureInfo.InvariantCulture,
                $"/{property.Name} is a whole number from {ConntrackOptions.FlowsLeast} to ")
                + ConntrackOptions.FlowsMost.ToString(CultureInfo.InvariantCulture));

    private static uint Seconds(JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.String
            && Duration.TryParse(property.Value.GetString()!, out var time)
            && time.Ticks % TimeSpan.TicksPerSecond == 0
            && time.TotalSeconds is >= ConntrackOptions.SecondsLeast and <= ConntrackOptions.SecondsMost
            ? (uint)time.TotalSeconds
            : throw new FormatException($"/{property.Name} is a time of whole seconds from \"1s\" to \"30d\"");
}

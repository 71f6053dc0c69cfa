using System.Text.Json.Nodes;

namespace EbpfPersonas.EndToEnd.Tests.Lockout;

/// <summary>
/// Personas that do not let a new connection from the VM reach 10.0.0.2, port 7071, each in another way of writing it.
/// </summary>
internal static class LockoutPersonas
{
    private static readonly string[] NetworkProfiles =
    [
        """{"default_action":{"ingress":"deny","egress":"deny"}}""",
        """{"default_action":{"egress":"deny"}}""",
        """{"allowed_egress":[]}""",
        """{"allowed_egress":[],"allowed_ingress":[]}""",
        """{"denied_egress":[{"protocol":"tcp","port":7071}]}""",
        """{"denied_egress":[{"protocol":"tcp","port":7000,"end_port":7100}]}""",
        """{"denied_egress":[{"destination":"10.0.0.2"}]}""",
        """{"denied_egress":[{"destination":"10.0.0.0/24"}]}""",
        """{"denied_egress":[{"protocol":"tcp","destination":"0.0.0.0/0"}]}""",
        """{"denied_egress":[{"protocol":6,"ports":[22,"7070-7072"]}]}""",
        """{"denied_egress":[{"destination":["0.0.0.0/1","128.0.0.0/1"]}]}""",
        """
        {"denied_egress":[{"protocol":"tcp","destination":"any","port":7071}],"allowed_egress":[{"protocol":"any"}]}
        """,
        """{"firewall_rules":[{"direction":"egress","action":"reject","protocol":"tcp","port":7071}]}""",
        """{"firewall_rules":[{"direction":"egress","action":"reject","protocol":"any"}]}""",
        """{"firewall_rules":[{"direction":"egress","action":"deny","priority":0,"destination":"10.0.0.2/32"}]}""",
        """
        {"firewall_rules":[
          {"direction":"egress","action":"allow","priority":100,"destination":"10.0.0.0/8"},
          {"direction":"egress","action":"deny","priority":50,"destination":"10.0.0.0/25"}]}
        """,
        """
        {"firewall_rules":[
          {"direction":"egress","action":"allow","priority":7,"protocol":"tcp"},
          {"direction":"egress","action":"reject","priority":7,"protocol":"tcp"}]}
        """,
        """{"allowed_egress":[{"protocol":"tcp","port":3306,"destination":"10.0.0.10"}]}""",
        """{"allowed_egress":[{"protocol":"tcp","port":7070,"destination":"10.0.0.2"}]}""",
        """{"allowed_egress":[{"destination":"10.0.0.0/24","except":["10.0.0.2"]}]}""",
        """{"allowed_egress":[{"protocol":"udp"},{"protocol":"icmp"}]}""",
        """{"allowed_egress":[{"destination":"2001:db8::/32"}],"allowed_ingress":[{"protocol":"tcp","port":22}]}""",
        """{"allowed_egress":[{"destination":"10.0.1.0/24"},{"destination":"10.0.0.3"}]}""",
    ];

    /// <summary>How many ways there are.</summary>
    public static int Count => NetworkProfiles.Length + 2;

    /// <summary>
    /// The way number <paramref name="number"/>, which begins again at <see cref="Count"/>; every fifth leaves
    /// connections alone that are there already.
    /// </summary>
    public static string Document(string name, int number, TimeSpan confirmTimeout, string? processName)
    {
        var document = new JsonObject
        {
            ["name"] = name,
            ["network_profile"] = Profile(number % Count),
            ["lifecycle"] = new JsonObject
            {
                ["confirm_timeout"] = $"{confirmTimeout.TotalMilliseconds:0}ms",
                ["on_activation"] = number % 5 == 4 ? "keep_established" : "reevaluate",
            },
        };
        if (processName is not null)
        {
            document["activation_trigger"] = new JsonObject { ["process_name"] = processName };
        }

        return document.ToJsonString();
    }

    private static JsonNode Profile(int number) =>
        number < NetworkProfiles.Length ? JsonNode.Parse(NetworkProfiles[number])!
        : number == NetworkProfiles.Length ? Many("allowed_egress", "10.7", 2000)
        : Many("denied_egress", "10.0", 1000);

    /// <summary>Many addresses that are not, or among which is, the controller's.</summary>
    private static JsonObject Many(string list, string prefix, int count) => new()
    {
        [list] = new JsonArray(
        [
            .. Enumerable.Range(0, count).Select(i => new JsonObject
            {
                ["protocol"] = "tcp",
                ["destination"] = $"{prefix}.{i / 250}.{(i % 250) + 1}",
            }),
        ]),
    };
}

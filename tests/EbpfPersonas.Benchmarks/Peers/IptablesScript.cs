using System.Text;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>One rule of the raw table for each rule, as iptables-restore(8) reads it.</summary>
internal static class IptablesScript
{
    public static string Write(IReadOnlyList<PeerRule> rules, bool isV6)
    {
        var text = new StringBuilder("*raw\n:PREROUTING DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
        foreach (var rule in rules)
        {
            text.Append($"-A PREROUTING -s {rule.Prefix}").Append(rule.Protocol is null
                ? ""
                : NftText.Invariant($" -p {rule.Protocol}"));
            if (rule.HasPorts)
            {
                // Only for SCTP the match must be named when the protocol is a number.
                text.Append(rule.Protocol == IpProtocol.Sctp ? " -m sctp" : "")
                    .Append(NftText.Invariant($" --dport {rule.Ports.First}:{rule.Ports.Last}"));
            }

            text.Append(rule.Allow ? " -j ACCEPT\n" : " -j DROP\n");
        }

        return text.Append("COMMIT\n").ToString();
    }
}

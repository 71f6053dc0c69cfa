using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads a whole persona document; everything that is wrong goes to the field's findings.</summary>
internal static class PersonaDocumentReader
{
    /// <summary>
    /// The members that the server adds to what it returns. A client may send them back; they are ignored.
    /// </summary>
    public static IReadOnlyList<string> ReadOnlyMembers { get; } = ["metadata", "status", "warnings", "size"];

    private static readonly string[] Known =
    [
        "name", "network_profile", "security_profile", "resource_limits", "activation_trigger", "priority", "lifecycle",
        "tests",
        .. ReadOnlyMembers,
    ];

    public static PersonaDocument? Read(Field root)
    {
        if (root.Object(Known) is not { } members)
        {
            return null;
        }

        var scope = new RuleScope();
        var name = members.Require("name") is { } called ? Vocabulary.Name(called) : null;
        var network = members["network_profile"] is { } profile ? NetworkProfileReader.Read(profile, scope) : null;
        var security = members["security_profile"] is { } demands ? SecurityProfileReader.Read(demands, scope) : null;
        var limits = members["resource_limits"] is { } resources ? ResourceLimitsReader.Read(resources) : null;
        CheckBandwidth(members, network, limits);
        return new PersonaDocument
        {
            Name = name ?? "",
            NetworkProfile = network,
            SecurityProfile = security,
            ResourceLimits = limits,
            ActivationTrigger = members["activation_trigger"] is { } trigger ? TriggerReader.Read(trigger) : null,
            Priority = (int?)members["priority"]?.Integer(0, 1000) ?? PersonaDocument.DefaultPriority,
            Lifecycle = (members["lifecycle"] is { } lifecycle ? LifecycleReader.Read(lifecycle) : null)
                ?? new LifecycleDocument(),
            Tests =
            [
                .. (members["tests"]?.List(Persona.MaxTests) ?? [])
                    .Select(VerdictTestReader.Read).OfType<VerdictTest>(),
            ],
        };
    }

    private static void CheckBandwidth(Members members, NetworkProfileDocument? network, ResourceLimitsDocument? limits)
    {
        if (network?.Qos?.EgressBandwidth is { } shaped && limits?.Bandwidth is { } limited && shaped != limited)
        {
            members["resource_limits"]!.Value.Findings.Error("/resource_limits/bandwidth", FindingCode.Conflict,
                $"bandwidth is another name for network_profile.qos.egress_bandwidth, and they differ: {limited} " +
                $"and {shaped} bit/s.");
        }
    }
}

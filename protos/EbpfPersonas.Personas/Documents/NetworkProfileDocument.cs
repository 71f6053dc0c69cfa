using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>
/// <c>network_profile</c>. <paramref name="AllowsIngress"/> and <paramref name="AllowsEgress"/> say whether the allow
/// list is present, even if empty: that makes the direction default to deny.
/// </summary>
internal sealed record NetworkProfileDocument(
    RuleAction? DefaultIngress,
    RuleAction? DefaultEgress,
    bool AllowsIngress,
    bool AllowsEgress,
    ImmutableArray<RuleDocument> Rules,
    QosDocument? Qos);

using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Tests.Compile;

/// <summary>What a rule excepts is cut out of its peers, at a price that follows the document's size.</summary>
public sealed class RulePrefixesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Many_peers_that_each_have_a_hole_are_not_compared_with_every_hole()
    {
        const int Count = 60_000;
        var persona = Of(new Rule
        {
            Id = "r",
            Direction = Direction.Egress,
            Action = RuleAction.Allow,
            List = RuleList.Allowed,
            Peers = [.. Enumerable.Range(0, Count).Select(i => new Prefix(new IpAddress(false, (uint)i * 4), 30))],
            Except =
            [
                .. Enumerable.Range(0, Count).Select(i => new Prefix(new IpAddress(false, ((uint)i * 4) + 1), 32)),
            ],
        });

        var size = Within(Patience, () => PersonaCompiler.Compile(persona, int.MaxValue).Size);

        // Behind the last peer there is one more interval; the other three roots have one each.
        Assert.Equal((2 * Count) + 2 + 3, size.Intervals);
    }

    [Fact]
    public void More_prefixes_than_the_guard_allows_are_refused_before_they_are_made()
    {
        // Each hole of one address costs about a hundred prefixes of its own.
        var persona = Of(new Rule
        {
            Id = "r",
            Direction = Direction.Egress,
            Action = RuleAction.Allow,
            List = RuleList.Allowed,
            Peers = [new Prefix(new IpAddress(true, 0), 0)],
            Except = [.. Enumerable.Range(0, 60_000).Select(
                i => new Prefix(new IpAddress(true, ((UInt128)(uint)(i * 65521)) << 96), 128))],
        });

        var refused = Within(Patience, () =>
            Assert.Throws<PersonaTooLargeException>(() => PersonaCompiler.Compile(persona, int.MaxValue)));

        Assert.Contains("524287 prefixes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Holes_inside_holes_and_of_the_other_family_change_nothing()
    {
        var rule = new Rule
        {
            Id = "r",
            Direction = Direction.Egress,
            Action = RuleAction.Allow,
            List = RuleList.Allowed,
            Peers = [new Prefix(IpAddress.Parse("10.0.0.0"), 8)],
            Except = [new Prefix(IpAddress.Parse("10.1.0.0"), 16)],
        };

        Assert.Equal(
            PersonaCompiler.Compile(Of(rule)),
            PersonaCompiler.Compile(Of(rule with
            {
                Except =
                [
                    new Prefix(IpAddress.Parse("10.1.2.3"), 32), new Prefix(IpAddress.Parse("10.1.0.0"), 16),
                    new Prefix(IpAddress.Parse("::"), 0), new Prefix(IpAddress.Parse("11.0.0.0"), 8),
                ],
            })));
    }

    private static T Within<T>(TimeSpan patience, Func<T> work)
    {
        var task = Task.Run(work);
        Assert.True(task.Wait(patience), $"not done within {patience}");
        return task.Result;
    }

    private static Persona Of(Rule rule) => new()
    {
        Name = "p",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [rule],
    };
}

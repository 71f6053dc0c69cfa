using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Pins;

/// <summary>An agent whose maps have another layout than those that it finds takes over without using them.</summary>
public sealed class LayoutChangeTests : PinTest
{
    private const string Query = "udp local:40000 > 10.0.0.10:53";
    private const string Answer = "udp 10.0.0.10:53 > local:40000";
    private const string Other = "udp local:40000 > 10.0.0.10:54";

    [Fact]
    public void The_layout_shows_in_its_name()
    {
        using var ours = BpfImages.OpenFilter(new DataplaneOptions());
        using var same = BpfImages.OpenFilter(new DataplaneOptions { RejectRate = 7 });
        var options = new DataplaneOptions { Conntrack = new ConntrackOptions { Flows = 2048 } };
        using var larger = BpfImages.OpenFilter(options);
        using var other = BpfImages.OpenFilter(OtherLayout());

        Assert.StartsWith("layout-1-", MapLayout.NameOf(ours), StringComparison.Ordinal);
        Assert.StartsWith("layout-2-", MapLayout.NameOf(other), StringComparison.Ordinal);
        Assert.Equal(MapLayout.NameOf(ours), MapLayout.NameOf(same));
        Assert.NotEqual(MapLayout.NameOf(ours), MapLayout.NameOf(larger));
        Assert.NotEqual(MapLayout.NameOf(ours)["layout-1".Length..], MapLayout.NameOf(other)["layout-2".Length..]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_known_persona_goes_on_with_its_flows_in_maps_of_the_other_layout(bool upgrade)
    {
        var (from, to) = (new DataplaneOptions { Known = [AllowsDns()] }, OtherLayout(AllowsDns()));
        if (!upgrade)
        {
            (from, to) = (to, from);
        }

        using (var before = LoadAndAttach(from, loaded => loaded.Apply(7, AllowsDns())))
        {
            Assert.True(Passes(before, Query));
        }

        LayoutChange? change = null;
        using var after = LoadAndAttach(to, loaded =>
        {
            loaded.LayoutChanged += seen => change = seen;
            Assert.True(loaded.Adopted);
            Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), loaded.Realised);
        });
        Assert.Equal(new RealisedState(7, 2, "allows-dns", Revision), after.Realised);

        Assert.NotNull(change);
        Assert.Null(change.FlowsMissing);
        Assert.InRange(change.Flows, 1, long.MaxValue);
        Assert.True(Passes(after, Answer), "the flow was carried over");
        Assert.False(Passes(after, Other));
        Assert.Single(Pinned, IsLayout);
        Assert.Equal(Pinned.Single(IsLayout), Path.Join(Path.GetFileName(Directory).Replace(".", "%2E"), change.To));
    }

    [Fact]
    public void A_persona_that_is_not_known_is_enforced_by_the_old_programs_until_the_first_apply()
    {
        using (var before = LoadAndAttach(new DataplaneOptions(), loaded => loaded.Apply(7, AllowsDns())))
        {
            Assert.True(Passes(before, Query));
        }

        LayoutChange? change = null;
        using var after = LoadAndAttach(OtherLayout(), loaded => loaded.LayoutChanged += seen => change = seen);
        var programs = after.Filter.Programs.Values.Select(program => program.Id).ToList();

        Assert.True(after.Adopted);
        Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), after.Realised);
        Assert.Null(change);

        Assert.Equal(new RealisedState(8, 2, "allows-dns", Revision), after.Apply(8, AllowsDns()));
        Assert.NotNull(change);
        Assert.True(Passes(after, Answer), "the flow was carried over");
        Assert.Single(Pinned, IsLayout);
        Assert.True(programs.All(BpfProgram.IsHeld));
    }

    [Fact]
    public void An_agent_that_could_not_take_over_leaves_what_it_found()
    {
        using (var before = LoadAndAttach(new DataplaneOptions(), loaded => loaded.Apply(7, AllowsDns())))
        {
        }

        var pinned = Pinned;
        using (LoadAndAttach(OtherLayout()))
        {
            Assert.NotEqual(pinned, Pinned);
        }

        Assert.Equal(pinned, Pinned);
        using var again = Load(AllowsDns());
        Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), again.Realised);
    }

    [Fact]
    public void No_persona_goes_on_too()
    {
        using (LoadAndAttach(new DataplaneOptions(), loaded => loaded.Apply(7, null)))
        {
        }

        using var after = LoadAndAttach(OtherLayout());

        Assert.True(after.Adopted);
        Assert.Equal(new RealisedState(7, 2, null, 0), after.Realised);
        Assert.Single(Pinned, IsLayout);
    }

    [Fact]
    public void Of_two_layouts_the_one_that_switched_last_is_in_force()
    {
        using (LoadAndAttach(new DataplaneOptions(), loaded => loaded.Apply(7, AllowsDns())))
        {
        }

        // Never attached, so that the old maps stay: as if it was killed there.
        using (var killed = Load(OtherLayout(AllowsDns())))
        {
            killed.Apply(8, AllowsDns("next"));
        }

        Assert.Equal(2, Pinned.Count(IsLayout));
        using var after = LoadAndAttach(new DataplaneOptions { Known = [AllowsDns(), AllowsDns("next")] });

        Assert.Equal(new RealisedState(8, 3, "next", Revision), after.Realised);
        Assert.Single(Pinned, IsLayout);
    }

    private static bool IsLayout(string path) => path.Split('/') is [_, var name] && name.StartsWith("layout-");
}

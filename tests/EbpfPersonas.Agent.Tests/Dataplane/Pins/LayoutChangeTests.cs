using System.Runtime.CompilerServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Deployment;
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
        Assert.Equal(ours.Map("flows").ValueSize + sizeof(ulong), other.Map("flows").ValueSize);
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
    public async Task A_flow_that_was_carried_over_still_expires()
    {
        var conntrack = new ConntrackOptions { Flows = ConntrackOptions.FlowsLeast, Udp = 8 };
        using (var before = LoadAndAttach(
            new DataplaneOptions { Conntrack = conntrack }, loaded => loaded.Apply(7, AllowsDns())))
        {
            Assert.True(Passes(before, Query));
            Assert.True(Passes(before, Answer));
            Assert.True(Passes(before, Query));
        }

        using var after = LoadAndAttach(OtherLayout(AllowsDns()) with { Conntrack = conntrack });
        using var flows = new FlowTables(after.Filter);
        Assert.Equal(1, flows.Count().Confirmed);

        await Eventually.TrueAsync(
            () => Task.FromResult(flows.Count().Confirmed == 0), TimeSpan.FromSeconds(60), () => "the flow expires");
    }

    [Fact]
    public void What_is_in_force_is_found_by_name_in_records_of_another_size()
    {
        using (var later = BpfImages.OpenFilter(
            new DataplaneOptions { FilterImage = TestObjects.Program("other_slot") }))
        {
            later.Load();
            Assert.Equal(Unsafe.SizeOf<Slot>() + sizeof(ulong), later.Map("slots").ValueSize);
            Write(later.Map("slots"), 1, ("generation", BitConverter.GetBytes(7ul)));
            Write(
                later.Map("residents"),
                1,
                ("name", "allows-dns"u8.ToArray()),
                ("revision", BitConverter.GetBytes(Revision)));
            later.Map("active").Update(0u, (1ul << 32) | 1);
            var folder = Path.Join(PinFolder.Usable(Directory), MapLayout.NameOf(later));
            System.IO.Directory.CreateDirectory(folder);
            foreach (var map in MapLayout.Maps(later))
            {
                map.Pin(Path.Join(folder, map.Name));
            }
        }

        var found = PinnedDataplane.Read(Directory)!;
        Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), found.State);
        Assert.Null(found.Verdicts);

        using var after = LoadAndAttach(
            new DataplaneOptions { Known = [AllowsDns()] },
            loaded => Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), loaded.Realised));
        Assert.Equal(new RealisedState(7, 2, "allows-dns", Revision), after.Realised);
        Assert.True(Passes(after, Query));
        Assert.False(Passes(after, Other));
        Assert.Single(Pinned, IsLayout);
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

    private static void Write(BpfMap map, uint key, params (string Member, byte[] Value)[] members)
    {
        var value = new byte[map.ValueSize];
        foreach (var (member, octets) in members)
        {
            octets.CopyTo(value, map.ValueType!.Member(member)!.Offset);
        }

        Assert.True(map.TryUpdate(BitConverter.GetBytes(key), value, onlyNew: false));
    }

    private static bool IsLayout(string path) => path.Split('/') is [_, var name] && name.StartsWith("layout-");
}

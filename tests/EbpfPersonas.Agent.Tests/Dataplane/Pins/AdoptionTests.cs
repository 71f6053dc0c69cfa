using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Pins;

/// <summary>An agent that starts goes on with what the one before left in the kernel.</summary>
public sealed class AdoptionTests : PinTest
{
    private const string Query = "udp local:40000 > 10.0.0.10:53";
    private const string Answer = "udp 10.0.0.10:53 > local:40000";
    private const string Other = "udp local:40000 > 10.0.0.10:54";

    [Fact]
    public void The_first_agent_adopts_nothing()
    {
        using var dataplane = Load();

        Assert.False(dataplane.Adopted);
        Assert.Equal(new RealisedState(0, 0, null, 0), dataplane.Realised);
    }

    [Fact]
    public void Persona_generation_epoch_flows_and_counts_go_on()
    {
        using (var before = Load())
        {
            before.Apply(6, AllowsDns("other"));
            before.Apply(7, AllowsDns());
            Assert.True(Passes(before, Query));
        }

        using var after = Load(AllowsDns());

        Assert.True(after.Adopted);
        Assert.Equal(new RealisedState(7, 2, "allows-dns", Revision), after.Realised);
        Assert.True(Passes(after, Answer), "the flow is remembered");
        Assert.False(Passes(after, Other));
        Assert.Equal(2u, Packets(after, "allows-dns", "dns"));
        Assert.Equal(
            1u,
            after.ReadCounters()
                .Verdicts[new VerdictKey("allows-dns", PacketDirection.Ingress, Verdict.Forwarded, Reason.Established)]
                .Packets);
    }

    [Fact]
    public void A_flow_that_no_agent_knows_does_not_pass_as_an_answer()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
        }

        using var after = Load(AllowsDns());

        Assert.False(Passes(after, Answer));
    }

    [Fact]
    public void A_persona_that_the_disk_does_not_know_is_in_force_and_its_rules_have_numbers()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
            Passes(before, Query);
        }

        using var after = Load(AllowsDns() with { Rules = [] });

        Assert.Equal(new RealisedState(7, 1, "allows-dns", Revision), after.Realised);
        Assert.False(Passes(after, Other));
        Assert.Equal(1u, Packets(after, "allows-dns", "0"));
        Assert.Equal(0u, Packets(after, "allows-dns", "dns"));
    }

    [Fact]
    public void No_persona_that_was_applied_is_adopted_with_its_generation()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
            before.Apply(8, null);
        }

        using var after = Load(AllowsDns());

        Assert.True(after.Adopted);
        Assert.Equal(new RealisedState(8, 2, null, 0), after.Realised);
        Assert.True(Passes(after, Other));
    }

    [Fact]
    public void The_next_persona_takes_its_place_and_leaves_its_room()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
        }

        using var after = Load();
        var realised = after.Apply(8, AllowsDns("next"));

        Assert.Equal(new RealisedState(8, 2, "next", Revision), realised);
        Assert.True(
            SpinWait.SpinUntil(
                () => after.ReadCounters().MapUtilization["slots"] <= 2 / 128.0, TimeSpan.FromSeconds(10)),
            "one slot beside that of no persona");
    }

    [Fact]
    public void Agents_that_come_and_go_leave_no_room_behind()
    {
        // More than there are slots, at two for each.
        const ulong Rounds = 70;
        for (ulong generation = 1; generation <= Rounds; generation++)
        {
            // Never disposed of in time to give back the room of the one before.
            using var dataplane = Load();
            dataplane.Apply(generation, AllowsDns($"p{generation}"));
            dataplane.Publish(AllowsDns("beside"), generation);
        }

        using var last = Load();
        Assert.Equal(new RealisedState(Rounds, (uint)Rounds, $"p{Rounds}", Revision), last.Realised);
        Assert.Equal(2 / 128.0, last.ReadCounters().MapUtilization["slots"]);
    }

    [Fact]
    public void The_failsafe_passes_before_the_next_agent_sets_its_own()
    {
        const string Ssh = "tcp 10.0.0.10:50000 > local:22";
        using (var before = Load())
        {
            before.SetFailsafe(
            [
                new FailsafeFlow(
                    Direction.Ingress, 6, new Prefix(new IpAddress(false, 0), 0), new PortRange(22, 22)),
            ]);
            before.Apply(7, AllowsDns());
            Assert.True(Passes(before, Ssh));
        }

        using var after = Load(AllowsDns());
        Assert.True(Passes(after, Ssh));

        after.SetFailsafe([]);
        Assert.False(Passes(after, Ssh));
    }

    [Fact]
    public void A_second_agent_of_the_same_vm_is_told_so()
    {
        using var first = Load();

        var refused = Assert.Throws<IOException>(() => Load());

        Assert.Contains("another agent", refused.Message, StringComparison.Ordinal);
        first.Apply(1, AllowsDns());
    }

    [Fact]
    public void A_place_where_nothing_can_be_pinned_is_told()
    {
        var refused = Assert.Throws<IOException>(() => PersonaDataplane.Load(
            new DataplaneOptions { PinDirectory = Path.Join(Path.GetTempPath(), "ebpf-personas-nowhere", "vm") }));

        Assert.Contains("mount -t bpf", refused.Message, StringComparison.Ordinal);
        Assert.False(System.IO.Directory.Exists(Path.Join(Path.GetTempPath(), "ebpf-personas-nowhere")));
    }

    [Fact]
    public void Detach_leaves_nothing_and_the_next_agent_begins_anew()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
            Assert.NotEmpty(Pinned);
            before.Remove();
        }

        Assert.Empty(Pinned);
        using var after = Load();
        Assert.False(after.Adopted);
    }

    [Fact]
    public void Maps_that_were_in_the_making_when_an_agent_was_killed_are_cleaned_up()
    {
        using (var before = Load())
        {
            before.Apply(7, AllowsDns());
        }

        var layout = Pinned.Single(path => path.Split('/') is [_, var name] && name.StartsWith("layout-"));
        var name = Path.GetFileName(layout);
        System.IO.Directory.CreateDirectory(Path.Join(Root, Path.GetDirectoryName(layout), "new-" + name));
        System.IO.Directory.Move(
            Path.Join(Root, layout), Path.Join(Root, Path.GetDirectoryName(layout), "old-" + name));

        using var after = Load(AllowsDns());

        Assert.False(after.Adopted);
        Assert.DoesNotContain(Pinned, path => path.Contains("new-") || path.Contains("old-"));
    }
}

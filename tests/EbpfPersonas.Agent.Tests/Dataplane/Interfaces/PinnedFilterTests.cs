using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Leaks;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>Filters outlive the process that attached them, and the next one takes them over without a gap.</summary>
public sealed class PinnedFilterTests : IAsyncLifetime
{
    private const int Port = 5000;
    private const int Cycles = 200;
    private const int Attacks = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    private FilterLab _lab = null!;
    private int _index;

    public async Task InitializeAsync()
    {
        _lab = await FilterLab.CreateAsync();
        _index = await _lab.Vm.InterfaceIndexAsync("eth0");
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Filters_stay_when_the_watching_ends_and_go_when_they_are_detached(AttachMode mode)
    {
        var before = await MachineState.ReadAsync();
        using var receiver = _lab.Peer.BindUdp("10.0.0.10", Port);
        using var sender = _lab.Vm.BindUdp("10.0.0.5", 0);
        Assert.True(Arrives(sender, receiver, Patience), "without a filter");
        using (_lab.Start(mode))
        {
            Assert.False(Arrives(sender, receiver, Window), "with a filter");
        }

        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode));
        Assert.False(Arrives(sender, receiver, Window), "with nobody watching");
        using (var next = _lab.Start(mode))
        {
            next.Detach();
        }

        Assert.True(Arrives(sender, receiver, Patience), "after detaching");
        Assert.True(FilterLab.IsBare(_lab.Vm, _index));
        Assert.Empty(_lab.Pins);
        Assert.DoesNotContain("clsact", await _lab.Vm.RunAsync("tc", "qdisc", "show"), StringComparison.Ordinal);
        Assert.Empty(await before.FindLeaksAsync());
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public void The_next_process_takes_the_filters_over_and_they_run_its_programs(AttachMode mode)
    {
        using (_lab.Start(mode))
        {
        }

        using var update = FilterLab.LoadFilter();
        using var filters = _lab.Start(mode, update);

        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode, update));
        var adopted = Assert.Single(filters.Interfaces, known => known.Index == _index);
        Assert.Equal(("eth0", mode, default), (adopted.Name, adopted.Mode, adopted.PacketsBefore));
        filters.Detach();
    }

    [Theory]
    [InlineData(AttachMode.Tcx, AttachMode.Clsact)]
    [InlineData(AttachMode.Clsact, AttachMode.Tcx)]
    public async Task A_start_in_the_other_mode_leaves_nothing_of_the_one_before(AttachMode old, AttachMode now)
    {
        using (_lab.Start(old))
        {
        }

        using var filters = _lab.Start(now);

        Assert.True(_lab.IsFiltered(_lab.Vm, _index, now));
        Assert.False(_lab.IsFiltered(_lab.Vm, _index, old));
        Assert.Equal(
            now == AttachMode.Clsact,
            (await _lab.Vm.RunAsync("tc", "qdisc", "show")).Contains("clsact", StringComparison.Ordinal));
        filters.Detach();
        Assert.True(FilterLab.IsBare(_lab.Vm, _index));
    }

    [Fact]
    public async Task A_link_whose_interface_left_while_nobody_watched_is_ended()
    {
        await _lab.Lab.AddInterfaceAsync(_lab.Vm, "eth1", "vm1");
        var moved = await _lab.Vm.InterfaceIndexAsync("eth1");
        using (_lab.Start(AttachMode.Tcx))
        {
        }

        Assert.Contains($"{moved}-ingress", _lab.Pins);
        await _lab.Vm.RunAsync("ip", "link", "set", "eth1", "netns", _lab.Peer.Namespace);
        var there = await _lab.Peer.InterfaceIndexAsync("eth1");
        Assert.False(FilterLab.IsBare(_lab.Peer, there), "the kernel keeps the link");

        // Somebody else has the number now.
        await _lab.Vm.RunAsync("ip", "link", "add", "other", "index", $"{moved}", "type", "ifb");
        using var filters = _lab.Start(AttachMode.Tcx);

        Assert.True(FilterLab.IsBare(_lab.Peer, there));
        Assert.True(_lab.IsFiltered(_lab.Vm, moved, AttachMode.Tcx));
        filters.Detach();
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public void No_denied_packet_passes_while_processes_take_over_from_each_other(AttachMode mode)
    {
        var (sent, passed) = TakeOver(mode, prepare: () => { });

        Assert.Equal(0, passed);
        Assert.True(sent > 10 * Cycles, $"{sent} were sent");
    }

    [Fact]
    public void A_take_over_that_attaches_anew_lets_packets_pass_and_is_caught()
    {
        var (_, passed) = TakeOver(AttachMode.Tcx, prepare: () =>
        {
            foreach (var pin in _lab.Pins)
            {
                // At once: the kernel takes its time with a link that only lost its name.
                var path = Path.Join(_lab.LinkDirectory, pin);
                using var link = BpfLink.OpenPinned(path);
                link!.Detach();
                File.Delete(path);
            }
        });

        Assert.NotEqual(0, passed);
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public void No_denied_packet_passes_while_a_filter_goes_to_the_front_again(AttachMode mode)
    {
        using var foreign = BpfObject.Open(TestObjects.Program("pass_on"), "pass_on");
        foreign.Load();
        using var filters = _lab.Start(mode);

        var (sent, passed) = Stream(() =>
        {
            for (var i = 1u; i <= Attacks; i++)
            {
                using var link = _lab.Vm.RunInside(() => PutInFront(foreign.Program("pass_on"), mode, handle: i));
                Assert.True(SpinWait.SpinUntil(() => filters.Totals.Repairs == i, 2 * Patience), "repaired");
            }
        });

        Assert.Equal(0, passed);
        Assert.True(sent > 100 * Attacks, $"{sent} were sent");
        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode));
        filters.Detach();
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public void What_was_kept_can_be_removed_without_a_process_that_watches(AttachMode mode)
    {
        _lab.Start(mode).Dispose();
        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode));

        _lab.Vm.RunInside(() =>
        {
            InterfaceFilters.RemoveAll(_lab.LinkDirectory);
            return true;
        });

        Assert.True(FilterLab.IsBare(_lab.Vm, _index));
        Assert.False(Directory.Exists(_lab.LinkDirectory));
    }

    private BpfLink? PutInFront(BpfProgram foreign, AttachMode mode, uint handle)
    {
        if (mode == AttachMode.Tcx)
        {
            return foreign.AttachTcx(_index, ingress: false);
        }

        TcFilter.Attach(foreign, _index, ingress: false, handle, InterfaceFilters.ClsactPriority);
        return null;
    }

    /// <summary>Processes follow each other while the VM sends what the filter denies.</summary>
    private (int Sent, int Passed) TakeOver(AttachMode mode, Action prepare)
    {
        using var update = FilterLab.LoadFilter();
        _lab.Start(mode).Dispose();
        var counts = Stream(() =>
        {
            for (var i = 0; i < Cycles; i++)
            {
                prepare();
                _lab.Start(mode, i % 2 == 0 ? update : _lab.Filter).Dispose();
            }
        });
        _lab.Start(mode).Detach();
        return counts;
    }

    /// <summary>The VM sends what the filter denies while <paramref name="action"/> runs.</summary>
    private (int Sent, int Passed) Stream(Action action)
    {
        using var receiver = _lab.Peer.BindUdp("10.0.0.10", Port);
        using var sender = _lab.Vm.BindUdp("10.0.0.5", 0);
        var stop = false;
        var sent = 0;
        var stream = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Send(sender);
                sent++;
            }
        });
        stream.Start();
        try
        {
            action();
        }
        finally
        {
            Volatile.Write(ref stop, true);
            stream.Join();
        }

        var passed = 0;
        while (receiver.Poll(Window, SelectMode.SelectRead))
        {
            receiver.Receive(new byte[100]);
            passed++;
        }

        return (sent, passed);
    }

    private static bool Arrives(Socket sender, Socket receiver, TimeSpan patience)
    {
        Send(sender);
        if (!receiver.Poll(patience, SelectMode.SelectRead))
        {
            return false;
        }

        receiver.Receive(new byte[100]);
        return true;
    }

    private static void Send(Socket sender)
    {
        try
        {
            sender.SendTo(new byte[10], new IPEndPoint(IPAddress.Parse("10.0.0.10"), Port));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            // Dropped on its way out.
        }
    }
}

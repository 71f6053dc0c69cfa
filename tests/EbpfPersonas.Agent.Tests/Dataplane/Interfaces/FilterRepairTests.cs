using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>Whoever removes, replaces or bypasses a filter of ours: it is back soon, counted and named.</summary>
public sealed class FilterRepairTests : IAsyncLifetime
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(10);

    private readonly BpfObject _foreign = BpfObject.Open(TestObjects.Program("pass_all"), "foreign");
    private FilterLab _lab = null!;
    private int _index;

    public async Task InitializeAsync()
    {
        _foreign.Load();
        _lab = await FilterLab.CreateAsync();
        _index = await _lab.Vm.InterfaceIndexAsync("eth0");
    }

    public Task DisposeAsync()
    {
        _foreign.Dispose();
        return _lab.DisposeAsync().AsTask();
    }

    [Fact]
    public async Task A_tcx_link_that_is_detached_comes_back() =>
        await Repairs(AttachMode.Tcx, FilterFault.Removed, async () =>
        {
            var link = _lab.Vm.RunInside(() => TcxChain.Read(_index, ingress: false)[0].LinkId);
            await RunningProcess.RunAsync(
                "bpftool", "link", "detach", "id", link.ToString(CultureInfo.InvariantCulture));
        });

    [Fact]
    public async Task A_tcx_link_that_runs_another_program_gets_ours_again() =>
        await Repairs(AttachMode.Tcx, FilterFault.Exchanged, () =>
        {
            using var link = BpfLink.OpenPinned(Path.Join(_lab.LinkDirectory, $"{_index}-egress"));
            link!.Update(_foreign.Program("pass_all"));
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_pin_that_is_removed_comes_back()
    {
        await Repairs(AttachMode.Tcx, FilterFault.NotPinned, () =>
        {
            File.Delete(Path.Join(_lab.LinkDirectory, $"{_index}-ingress"));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_tcx_program_that_is_put_in_front_falls_behind_ours_and_stays()
    {
        using var theirs = await Repairs(AttachMode.Tcx, FilterFault.NotFirst, () =>
            Task.FromResult(_lab.Vm.RunInside(() => _foreign.Program("pass_all").AttachTcx(_index, ingress: false))));

        var id = theirs.ReadInfo().Id;
        Assert.Equal(id, _lab.Vm.RunInside(() => TcxChain.Read(_index, ingress: false)[0].LinkId));
    }

    [Theory]
    [InlineData("filter del dev eth0 egress pref 1 handle 0xeb9f bpf")]
    [InlineData("qdisc del dev eth0 clsact")]
    public async Task A_clsact_filter_that_is_removed_comes_back(string command) =>
        await Repairs(AttachMode.Clsact, FilterFault.Removed, () => _lab.Vm.RunAsync("tc", command.Split(' ')));

    [Fact]
    public async Task A_clsact_filter_that_another_program_replaces_is_ours_again() =>
        await Repairs(AttachMode.Clsact, FilterFault.Exchanged, () =>
        {
            Hang(InterfaceFilters.ClsactHandle);
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_clsact_filter_that_is_put_in_front_falls_behind_ours_and_stays()
    {
        const uint Handle = 77;
        await Repairs(AttachMode.Clsact, FilterFault.NotFirst, () =>
        {
            Hang(Handle);
            return Task.CompletedTask;
        });

        Assert.Equal([Handle], ListClsact());
    }

    /// <summary>
    /// Runs <paramref name="attack"/> on a filtered interface, and sees the filter again at its place, in time and
    /// counted.
    /// </summary>
    private async Task<T> Repairs<T>(AttachMode mode, FilterFault expected, Func<Task<T>> attack)
    {
        var repaired = new TaskCompletionSource<(FilteredInterface Interface, FilterFault Fault)>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        using var filters = _lab.Start(mode, prepare: made => made.Repaired +=
            (known, fault) => repaired.TrySetResult((known, fault)));
        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode));
        var pins = _lab.Pins;
        var start = Stopwatch.GetTimestamp();

        var result = await attack();
        var (known, fault) = await repaired.Task.WaitAsync(Promise);

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Promise);
        Assert.Equal((_index, "eth0", 1, expected), (known.Index, known.Name, known.Repairs, fault));
        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode));
        Assert.Equal(pins, _lab.Pins);
        Assert.Equal(1u, filters.Totals.Repairs);
        filters.Detach();
        Assert.False(_lab.IsFiltered(_lab.Vm, _index, mode));
        return result;
    }

    private Task<bool> Repairs(AttachMode mode, FilterFault expected, Func<Task> attack) =>
        Repairs(mode, expected, async () =>
        {
            await attack();
            return true;
        });

    private void Hang(uint handle) => _lab.Vm.RunInside(() => TcFilter.Attach(
        _foreign.Program("pass_all"), _index, ingress: false, handle, InterfaceFilters.ClsactPriority));

    private uint[] ListClsact() => _lab.Vm.RunInside(() =>
    {
        using var route = new RouteSocket();
        return ClsactQdisc.List(route, _index, ingress: false).Select(filter => filter.Handle).ToArray();
    });
}

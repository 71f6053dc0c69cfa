using System.Globalization;
using System.Text.Json;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>
/// Other people's programs, filters and rules stay as they are, whatever we do: attach, repair, take over, detach.
/// </summary>
public sealed class ForeignProgramTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly BpfObject _foreign = BpfObject.Open(TestObjects.Program("pass_all"), "foreign");
    private readonly BpfObject _another = BpfObject.Open(TestObjects.Program("pass_all"), "another");
    private readonly HashSet<uint> _ours = [];
    private FilterLab _lab = null!;
    private int _index;

    public async Task InitializeAsync()
    {
        _foreign.Load();
        _another.Load();
        _lab = await FilterLab.CreateAsync();
        _index = await _lab.Vm.InterfaceIndexAsync("eth0");
    }

    public Task DisposeAsync()
    {
        _foreign.Dispose();
        _another.Dispose();
        return _lab.DisposeAsync().AsTask();
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Programs_filters_and_rules_of_others_stay_as_they_are(AttachMode mode)
    {
        using var second = _lab.Vm.RunInside(() => _foreign.Program("pass_all").AttachTcx(_index, ingress: true));
        using var first = _lab.Vm.RunInside(() => _another.Program("pass_all").AttachTcx(_index, ingress: true));
        await _lab.Vm.RunAsync("tc", "qdisc", "add", "dev", "eth0", "clsact");
        _lab.Vm.RunInside(() => TcFilter.Attach(_foreign.Program("pass_all"), _index, ingress: true, 7, 50));
        await _lab.Vm.RunAsync("tc", Words(
            "filter add dev eth0 egress pref 60 protocol ip u32 match ip dport 9 0xffff flowid 1:1"));
        await _lab.Vm.RunAsync("nft", "add table inet theirs { chain out { type filter hook output priority 0; }; }");
        await _lab.Vm.RunAsync("nft", "add rule inet theirs out tcp dport 9 drop");
        await AttachXdpAsync();
        AreOurs(_lab.Filter);
        var before = await ReadAsync();
        Assert.All((string[])["u32", "pass_all", "theirs", "generic"], thing =>
            Assert.Contains(before, text => text.Contains(thing, StringComparison.Ordinal)));

        using (var filters = _lab.Start(mode))
        {
            Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode), "attached");
            Assert.Equal(before, await ReadAsync());

            await RemoveOursAsync(mode);
            Assert.True(SpinWait.SpinUntil(() => filters.Totals.Repairs > 0, Patience), "repaired");
            Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode), "repaired");
            Assert.Equal(before, await ReadAsync());
        }

        using var update = FilterLab.LoadFilter();
        AreOurs(update);
        using var next = _lab.Start(mode, update);
        Assert.True(_lab.IsFiltered(_lab.Vm, _index, mode, update), "taken over");
        Assert.Equal(before, await ReadAsync());

        next.Detach();
        Assert.Equal(before, await ReadAsync());
        Assert.Contains("clsact", await _lab.Vm.RunAsync("tc", "qdisc", "show"), StringComparison.Ordinal);
        Assert.Empty(_lab.Pins);
    }

    /// <summary>The qdisc is ours, but somebody has come to use it: then it stays, and ours go.</summary>
    [Fact]
    public async Task A_clsact_qdisc_of_ours_that_others_use_meanwhile_stays()
    {
        using var filters = _lab.Start(AttachMode.Clsact);
        await _lab.Vm.RunAsync("tc", Words(
            "filter add dev eth0 egress pref 60 protocol ip u32 match ip dport 9 0xffff flowid 1:1"));

        filters.Detach();

        Assert.False(_lab.IsFiltered(_lab.Vm, _index, AttachMode.Clsact));
        Assert.Contains(
            "pref 60", await _lab.Vm.RunAsync("tc", Words("filter show dev eth0 egress")), StringComparison.Ordinal);
    }

    private Task<string> RemoveOursAsync(AttachMode mode)
    {
        if (mode == AttachMode.Clsact)
        {
            return _lab.Vm.RunAsync("tc", Words("filter del dev eth0 ingress pref 1 handle 0xeb9f bpf"));
        }

        var link = _lab.Vm.RunInside(() => TcxChain.Read(_index, ingress: true)[0].LinkId);
        return RunningProcess.RunAsync("bpftool", "link", "detach", "id", link.ToString(CultureInfo.InvariantCulture));
    }

    private async Task AttachXdpAsync()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, TestObjects.Program("passes_xdp"));
        // ip mounts a bpffs to read an object, and leaves it there: in a mount namespace that ends with it.
        await _lab.Vm.RunAsync(
            "unshare", "--mount", "ip", "link", "set", "dev", "eth0", "xdpgeneric", "object", file, "section", "xdp");
        File.Delete(file);
    }

    /// <summary>Everything on the interface that is not ours, in its order.</summary>
    private async Task<List<string>> ReadAsync()
    {
        List<string> things = [];
        foreach (var direction in (string[])["ingress", "egress"])
        {
            using var filters = JsonDocument.Parse(
                await _lab.Vm.RunAsync("tc", "-j", "filter", "show", "dev", "eth0", direction));
            things.Add(string.Join('\n', filters.RootElement.EnumerateArray()
                .Where(filter => filter.GetProperty("pref").GetInt32() != InterfaceFilters.ClsactPriority)
                .Select(filter => filter.GetRawText())));
            var chain = _lab.Vm.RunInside(() => TcxChain.Read(_index, direction == "ingress"));
            things.Add(string.Join(' ', chain.Where(entry => !_ours.Contains(entry.ProgramId))));
        }

        things.Add(await _lab.Vm.RunAsync("nft", "list", "ruleset"));
        using var net = JsonDocument.Parse(await _lab.Vm.RunAsync("bpftool", "-j", "net", "show"));
        things.Add(net.RootElement[0].GetProperty("xdp").GetRawText());
        return things;
    }

    private void AreOurs(BpfObject filter) => _ours.UnionWith(filter.Programs.Values.Select(program => program.Id));

    private static string[] Words(string command) => command.Split(' ');
}

using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.EndToEnd.Tests.Lockout;

/// <summary>
/// A persona that cuts a VM off from its controller, and has a confirm_timeout, does so for no longer.
/// </summary>
public sealed class LockoutTests(ITestOutputHelper output) : LabTest
{
    private const int Vms = 10;
    private const int EachVm = 5;
    private const string ControllerAddress = "10.0.0.2";
    private const string Good =
        """
        {"name":"good","lifecycle":{"confirm_timeout":"4s"},"activation_trigger":{"process_name":"good"},
          "network_profile":{"allowed_egress":[{"protocol":"tcp","port":7071,"destination":"10.0.0.2"}]}}
        """;

    private static readonly string[] Ways = ["pin", "default", "exec", "pin", "exec"];
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GoodTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<ConfirmedVm> _vms = [];
    private ControllerProcess? _controller;
    private BpfFileSystem? _pins;

    private ControllerClient Api => _controller!.Api;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        try
        {
            _pins = await BpfFileSystem.MountAsync();
            _controller = await ControllerProcess.StartAsync(
                await Lab.AddHostAsync("controller", ControllerAddress + "/24"), ControllerAddress);
            await Api.PutPersonaAsync(ConfirmedVm.Office, ConfirmedVm.OfficeDocument);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public override async Task DisposeAsync()
    {
        foreach (var vm in _vms)
        {
            await vm.DisposeAsync();
        }

        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        if (_pins is not null)
        {
            await _pins.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task Fifty_lock_outs_end_in_time_twenty_of_them_with_the_agent_killed_meanwhile()
    {
        await StartVmsAsync(Vms);
        var kills = new int[Vms];

        await Task.WhenAll(Enumerable.Range(0, Vms).Select(async number =>
        {
            for (var round = 0; round < EachVm; round++)
            {
                var kill = round % 2 == 1;
                kills[number] += kill ? 1 : 0;
                TimeSpan? killAfter = kill ? TimeSpan.FromMilliseconds(600 + (number * 137 % 1000)) : null;
                var way = Ways[(number + round) % Ways.Length];
                await LockOutAsync(_vms[number], (number * EachVm) + round, way, Timeout, killAfter);
            }
        }));

        Assert.Equal((50, 20), (Vms * EachVm, kills.Sum()));
        var late = _vms.SelectMany(vm => vm.Late).Order().ToArray();
        Assert.Equal(2 * Vms * EachVm, late.Length);
        output.WriteLine(
            $"{late.Length} returns, against their deadlines: median {late[late.Length / 2].TotalMilliseconds:0} ms, " +
            $"90 % {late[late.Length * 9 / 10].TotalMilliseconds:0} ms, last {late[^1].TotalMilliseconds:0} ms");
    }

    [Theory]
    [InlineData("pin")]
    [InlineData("exec")]
    public async Task One_that_lets_the_relay_through_is_confirmed_and_stays(string way)
    {
        await StartVmsAsync(1);
        await Api.PutPersonaAsync("good", Good);

        await using var process = await _vms[0].LockOutAsync(way, "good");

        await Api.WaitUntilRealisedAsync(_vms[0].Id, "good", Patience);
        await Eventually.TrueAsync(
            () => Task.FromResult(_vms[0].Agent.Output.Contains("is confirmed", StringComparison.Ordinal)),
            Patience, () => $"it is confirmed; the agent said:\n{_vms[0].Agent.Output}");
        await Task.Delay(GoodTimeout + TimeSpan.FromMilliseconds(500));
        var status = await _vms[0].StatusAsync();
        Assert.Equal("good", (string?)status["active_persona"]);
        Assert.Empty(status["rollbacks"]!.AsArray());
    }

    /// <summary>The same run catches an agent that does not find its deadline on disk: it begins anew.</summary>
    [Fact]
    public async Task A_deadline_that_is_not_on_disk_is_missed()
    {
        await StartVmsAsync(1);
        var vm = _vms[0];

        var missed = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => LockOutAsync(
            vm, number: 0, "pin", TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(2.5),
            () => File.Delete(Path.Combine(vm.Agent.StateDirectory, "confirmation"))));

        Assert.Contains("InRange", missed.Message, StringComparison.Ordinal);
    }

    private async Task StartVmsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var host = await Lab.AddHostAsync($"vm-{i}", $"10.0.0.{20 + i}/24");
            _vms.Add(await ConfirmedVm.StartAsync(host, $"vm-{i}", _controller!, _pins!.Path));
        }
    }

    private async Task LockOutAsync(
        ConfirmedVm vm, int number, string way, TimeSpan timeout, TimeSpan? killAfter, Action? whileGone = null)
    {
        var persona = $"out{number}";
        await Api.PutPersonaAsync(
            persona, LockoutPersonas.Document(persona, number, timeout, way == "exec" ? persona : null));
        var began = TimeProvider.System.GetUtcNow();
        var process = await vm.LockOutAsync(way, persona);
        try
        {
            began = TimeProvider.System.GetUtcNow();
            await vm.SurviveAsync(persona, timeout, began, killAfter, whileGone);
            if (way == "pin")
            {
                await Api.DeactivateAsync(vm.Id);
            }
        }
        finally
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }
    }
}

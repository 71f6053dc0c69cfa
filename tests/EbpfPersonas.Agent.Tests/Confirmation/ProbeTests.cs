using System.Net;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Confirmation;

/// <summary>The question to the controller, over real connections through a relay.</summary>
public sealed class ProbeTests : IAsyncLifetime
{
    private readonly StateFolder _folder = new();
    private readonly FakeDataplane _dataplane = new();
    private FakeController _controller = null!;
    private FreezableProxy _relay = null!;

    public async Task InitializeAsync()
    {
        _controller = await FakeController.StartAsync();
        _relay = new FreezableProxy(_controller.Address.Port);
    }

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _controller.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_controller_that_answers_confirms()
    {
        Assert.True(await IsConfirmedAsync(isOld: false));
    }

    /// <summary>
    /// As a persona that keeps established connections and allows no other: a probe over one that is there already
    /// would take it for good.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Only_a_new_connection_tells_that_no_other_is_allowed(bool isOld, bool isConfirmed)
    {
        Assert.Equal(isConfirmed, await IsConfirmedAsync(isOld, () => _relay.RefuseNew()));
    }

    [Fact]
    public async Task An_answer_that_comes_under_another_persona_does_not_count()
    {
        var settings = Settings();
        var probe = new ControllerProbe(
            settings, new ControllerLocator(settings, _dataplane, NullLogger<ControllerLocator>.Instance));

        Assert.False(await RunAsync(async (state, limit, cancellation) =>
        {
            var answer = await probe.AskAsync(state, limit, cancellation);
            // Something else comes into force meanwhile, and goes again.
            _dataplane.Switch("other");
            _dataplane.Switch("a");
            return answer;
        }));
    }

    private async Task<bool> IsConfirmedAsync(bool isOld, System.Action? comesIntoForce = null)
    {
        var settings = Settings();
        var probe = new ControllerProbe(
            settings, new ControllerLocator(settings, _dataplane, NullLogger<ControllerLocator>.Instance));
        using var channel = ControllerChannel.Create(_relay.Address, [IPAddress.Loopback]);
        var client = new AgentService.AgentServiceClient(channel);
        Assert.Null(await probe.AskAsync(client, _dataplane.Realised, CancellationToken.None));

        comesIntoForce?.Invoke();
        return await RunAsync(
            isOld ? (inForce, _, cancellation) => probe.AskAsync(client, inForce, cancellation) : probe.AskAsync);
    }

    /// <summary>Whether the persona is confirmed; else it was left.</summary>
    private async Task<bool> RunAsync(Ask ask)
    {
        var confirmations = _folder.Confirmations(
            sinceBoot: () => TimeSpan.FromTicks(Environment.TickCount64 * 10_000));
        var applier = _folder.Applier(_dataplane, confirmations);
        var persona = Wire.Persona("a");
        persona.ConfirmTimeoutMs = 2000;
        var isLeft = false;
        using var service = new ConfirmationService(
            confirmations, _dataplane, applier,
            new SwitchReports(
                new ActivityFeed(TimeProvider.System, new UserNames(), _ => null, 100),
                NullLogger<SwitchReports>.Instance),
            ask, () => isLeft = true, () => TimeSpan.FromTicks(Environment.TickCount64 * 10_000), TimeProvider.System,
            NullLogger<ConfirmationService>.Instance);
        applier.Apply(new DesiredState { Generation = 1, Persona = persona });
        await service.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            () => Task.FromResult(isLeft || (confirmations.Waits is null && confirmations.Barred.IsEmpty)),
            TimeSpan.FromSeconds(20),
            () => "it is decided");
        await service.StopAsync(CancellationToken.None);
        return isLeft ? false : _dataplane.Realised.Persona == "a";
    }

    private AgentSettings Settings() => new()
    {
        InKernelActivation = true,
        Controller = _relay.Address,
        VmId = StateFolder.VmId,
        StateDirectory = _folder.Path,
        MetricsListen = new IPEndPoint(IPAddress.Loopback, 9435),
        Attach = AttachMode.Auto,
        Cgroup = "none",
        PolicyMemoryMib = 16,
        RuleCapacity = 65536,
        AllowPlaintext = false,
        Failsafe = [],
    };
}

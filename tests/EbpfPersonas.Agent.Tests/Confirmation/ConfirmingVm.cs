using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;
using RealisedState = EbpfPersonas.Agent.Dataplane.RealisedState;

namespace EbpfPersonas.Agent.Tests.Confirmation;

/// <summary>
/// An agent's part that confirms, with its disk, a clock that the test sets, and a controller that answers or does not.
/// </summary>
internal sealed class ConfirmingVm : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TimeProvider _time;
    private readonly string? _answer;
    private ConfirmationService? _service;
    private ulong _generation;

    /// <summary><paramref name="answer"/>: why the controller is not reached; null = it is.</summary>
    public ConfirmingVm(string? answer, TimeProvider? time = null)
    {
        (_answer, _time) = (answer, time ?? TimeProvider.System);
        Start();
    }

    public StateFolder Folder { get; } = new();

    public FakeDataplane Dataplane { get; private set; } = new();

    public Confirmations Confirmations { get; private set; } = null!;

    public DesiredStateApplier Applier { get; private set; } = null!;

    /// <summary>CLOCK_BOOTTIME.</summary>
    public TimeSpan SinceBoot { get; set; } = TimeSpan.FromMinutes(1);

    public int Reconnects { get; private set; }

    public List<RealisedState> Asked { get; } = [];

    public string? InForce => Dataplane.Realised.Persona;

    public static Persona Persona(string name, int seconds = 10, ulong revision = 1)
    {
        var persona = Wire.Persona(name, revision);
        if (seconds > 0)
        {
            persona.ConfirmTimeoutMs = (ulong)seconds * 1000;
        }

        return persona;
    }

    /// <summary>The next generation, acknowledged and received.</summary>
    public ApplyResult Apply(Persona? persona, params Persona[] staged)
    {
        var desired = new DesiredState { Generation = ++_generation, Persona = persona };
        desired.Staged.AddRange(staged.Select((one, index) => new StagedPersona
        {
            Persona = one,
            Priority = (uint)index,
            Trigger = new TriggerExpression { Process = new ProcessCondition { ProcessName = one.Name } },
            Lifecycle = new Lifecycle(),
        }));
        return Apply(desired);
    }

    public ApplyResult Apply(DesiredState desired)
    {
        Desired = desired;
        var result = Applier.Apply(desired)!;
        Applier.Received(desired.Generation);
        return result;
    }

    /// <summary>What was applied last.</summary>
    public DesiredState? Desired { get; private set; }

    /// <summary>Its kernel switches to what is staged, or back.</summary>
    public void Switch(string? persona) => Confirmations.Look(Dataplane.Switch(persona));

    /// <summary>The time of what waits passes, and what has to happen then does.</summary>
    public async Task LetItPassAsync()
    {
        var waits = Confirmations.Waits!;
        SinceBoot = waits.Deadline;
        await Run();
        await Eventually.TrueAsync(
            () => Task.FromResult(Confirmations.Waits != waits && Reconnects > 0),
            Patience, () => "the persona is left");
        await StopAsync();
    }

    /// <summary>Waits until what waits is confirmed.</summary>
    public async Task ConfirmAsync()
    {
        await Run();
        await Eventually.TrueAsync(
            () => Task.FromResult(Confirmations.Waits is null), Patience, () => "the persona is confirmed");
        await StopAsync();
    }

    /// <summary>The agent is killed and started again, with a datapath that went on or with a new one.</summary>
    public void Restart(string boot = "this boot", bool keepsDatapath = true)
    {
        Dataplane = keepsDatapath ? Dataplane : new FakeDataplane();
        Start(boot);
        if (Desired is not null && keepsDatapath)
        {
            Applier.Resume(
                new StoredState { VmId = StateFolder.VmId, ControllerId = "store-1", Desired = Desired },
                confirmed: false);
            Applier.StepBack();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Folder.Dispose();
    }

    private void Start(string boot = "this boot")
    {
        Confirmations = Folder.Confirmations(boot, () => SinceBoot, _time);
        Applier = Folder.Applier(Dataplane, Confirmations);
        Confirmations.Open(Dataplane.Realised);
        Dataplane.HoldBack(Confirmations.Barred);
    }

    private Task Run()
    {
        Reconnects = 0;
        var feed = new ActivityFeed(TimeProvider.System, new UserNames(), _ => null, 100);
        _service = new ConfirmationService(
            Confirmations,
            Dataplane,
            Applier,
            new SwitchReports(feed, NullLogger<SwitchReports>.Instance),
            (inForce, _, _) =>
            {
                Asked.Add(inForce);
                return Task.FromResult(_answer);
            },
            () => Reconnects++,
            () => SinceBoot,
            TimeProvider.System,
            NullLogger<ConfirmationService>.Instance);
        return _service.StartAsync(CancellationToken.None);
    }

    private async Task StopAsync()
    {
        if (_service is not null)
        {
            await _service.StopAsync(CancellationToken.None);
            _service.Dispose();
            _service = null;
        }
    }
}

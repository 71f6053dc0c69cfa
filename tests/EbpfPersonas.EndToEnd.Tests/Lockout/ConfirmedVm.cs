using System.Net.Sockets;
using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests.Lockout;

/// <summary>A VM whose agent reaches its controller through a relay in the VM.</summary>
internal sealed class ConfirmedVm : IAsyncDisposable
{
    /// <summary>What is in force before and after; it lets everything through that has a name here.</summary>
    public const string Office = "office";

    /// <summary>The document of <see cref="Office"/>.</summary>
    public const string OfficeDocument =
        """{"name":"office","network_profile":{"allowed_egress":[{"destination":"10.0.0.0/24"}]}}""";

    private const string ControllerAddress = "10.0.0.2";
    private const int ControllerPort = 7071;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>What a switch and its report may take on a machine that has other work.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan AgentIsBack = TimeSpan.FromSeconds(2);

    private readonly ControllerClient _api;
    private readonly Relay _relay;
    private readonly string _programs = Directory.CreateTempSubdirectory("ebpfp-lockout-").FullName;
    private AgentProcess? _agent;

    private ConfirmedVm(LabHost host, string id, ControllerClient api)
    {
        (Host, Id, _api) = (host, id, api);
        _relay = new Relay(host, ControllerPort, ControllerAddress, ControllerPort);
    }

    public string Id { get; }

    public LabHost Host { get; }

    public AgentProcess Agent => _agent!;

    /// <summary>How late returns were, against their deadlines.</summary>
    public List<TimeSpan> Late { get; } = [];

    public static async Task<ConfirmedVm> StartAsync(
        LabHost host, string id, ControllerProcess controller, string pinRoot)
    {
        var vm = new ConfirmedVm(host, id, controller.Api);
        try
        {
            vm._agent = await AgentProcess.StartAsync(
                host, id, controller, url: vm._relay.Url, pinRoot: pinRoot);
            return vm;
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Brings a lock-out persona into force: by hand, as the default, or by a program. Returns what ends that.
    /// </summary>
    public async Task<RunningProcess?> LockOutAsync(string way, string persona)
    {
        switch (way)
        {
            case "pin":
                await _api.BindAsync(Id, Office);
                await _api.WaitUntilRealisedAsync(Id, Office, Patience);
                await _api.ActivateAsync(Id, persona);
                return null;
            case "default":
                await _api.BindAsync(Id, Office);
                await _api.WaitUntilRealisedAsync(Id, Office, Patience);
                await _api.BindAsync(Id, persona);
                return null;
            default:
                await _api.BindAsync(Id, Office, persona);
                await _api.WaitUntilRealisedAsync(Id, Office, Patience);
                var program = Path.Combine(_programs, persona);
                File.Copy("/usr/bin/sleep", program);
                return Host.Start(program, ["600"]);
        }
    }

    /// <summary>
    /// Sees a lock-out through: it is real, the VM is back in time, twice, and then the persona is quarantined, the
    /// stream stands and new connections reach the controller. With <paramref name="killAfter"/> the agent is killed
    /// that long after the switch, and started again after 2 s.
    /// </summary>
    public async Task SurviveAsync(
        string persona, TimeSpan timeout, DateTimeOffset began, TimeSpan? killAfter, Action? whileGone = null)
    {
        await Eventually.TrueAsync(
            async () => !await ReachesControllerAsync(), Patience, () => $"{persona} cuts {Id} off");
        var deadline = began + timeout;
        if (killAfter is { } after)
        {
            var left = began + after - TimeProvider.System.GetUtcNow();
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            await Agent.KillAsync();
            whileGone?.Invoke();
            await Task.Delay(AgentIsBack);
            Agent.Launch();
            // From here on it runs; until then a busy machine may have taken its time.
            await Eventually.TrueAsync(
                () => Task.FromResult(Agent.Output.Contains("governs network namespace", StringComparison.Ordinal)),
                Patience, () => $"the agent of {Id} is back; it said:\n{Agent.Output}");
            deadline = TimeProvider.System.GetUtcNow() > deadline ? TimeProvider.System.GetUtcNow() : deadline;
        }

        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () =>
            {
                status = await _api.StatusAsync(Id);
                return (bool)status["connected"]! && (string?)status["active_persona"] != persona
                    && Rollback(status, persona) is { } rollback && (bool)rollback["quarantined"]!;
            },
            Patience + timeout + timeout,
            () => $"{Id} is back from {persona}: {status?.ToJsonString()}; the agent said:\n{Agent.Output}");
        await AssertInTimeAsync(persona, timeout, deadline);
        Assert.True(await ReachesControllerAsync(), $"{Id} reaches its controller after {persona}");
    }

    public async Task<JsonNode> StatusAsync() => await _api.StatusAsync(Id);

    public async Task<JsonArray> HistoryAsync() => (await _api.ActivationsAsync(Id))["items"]!.AsArray();

    public async Task<bool> ReachesControllerAsync() =>
        await Host.TryConnectAsync(ControllerAddress, ControllerPort, TimeSpan.FromMilliseconds(700))
            == SocketError.Success;

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        await _relay.DisposeAsync();
        Directory.Delete(_programs, recursive: true);
    }

    private static JsonNode? Rollback(JsonNode status, string persona) =>
        status["rollbacks"]!.AsArray().FirstOrDefault(one => (string?)one!["persona"] == persona);

    /// <summary>By the times that the agent put its returns to: the first, and from there the second.</summary>
    private async Task AssertInTimeAsync(string persona, TimeSpan timeout, DateTimeOffset deadline)
    {
        JsonNode[] returns = [];
        await Eventually.TrueAsync(
            async () =>
            {
                returns = [.. (await HistoryAsync()).Reverse().Where(line =>
                    (string?)line!["cause"] == "rollback" && (string?)line["previous"] == persona)!];
                return returns.Length == 2;
            },
            Patience, () => $"two rollbacks of {persona} are in the history of {Id}");
        Assert.Equal(Office, (string?)returns[0]!["persona"]);
        var first = (DateTimeOffset)returns[0]!["at"]!;
        var second = (DateTimeOffset)returns[1]!["at"]!;
        Late.Add(first - deadline);
        Late.Add(second - first - timeout);
        Assert.InRange(first, deadline - timeout - Slack, deadline + Slack);
        Assert.InRange(second - first, timeout, timeout + Slack + Slack);
    }
}

using System.Net.Sockets;
using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Processes;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A VM puts a persona in force by itself, and its controller learns of it.</summary>
public sealed class KernelActivationTests : SystemTest
{
    private const string Baseline =
        """{"name":"baseline","network_profile":{"allowed_egress":[],"allowed_ingress":[]}}""";

    private const string DatabaseClient =
        """
        {"name":"database_client","activation_trigger":{"process_name":"mysql"},
          "network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}],"allowed_ingress":[]}}
        """;

    [Fact]
    public async Task The_first_packet_of_a_process_meets_its_persona_and_the_controller_hears_of_it()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        var before = await StartBoundAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        var dropped = await DroppedByBaselineAsync();
        Assert.NotEqual(0, dropped);

        await using (var mysql = StartMysql())
        {
            using var connection = await AcceptAsync(database);
            await Api.WaitUntilRealisedAsync(Vm, "database_client");
            Assert.Equal(dropped, await DroppedByBaselineAsync());

            var status = await Api.StatusAsync(Vm);
            Assert.Equal((long)before["desired_generation"]!, (long)status["desired_generation"]!);
            Assert.Equal((long)before["epoch"]! + 1, (long)status["epoch"]!);
            Assert.Equal("baseline", (string?)status["staging"]!["floor_persona"]);
            AssertTells((await HistoryAsync())[0], "database_client", "trigger", "started", mysql.Id);
            await mysql.StopAsync();
            await Api.WaitUntilRealisedAsync(Vm, "baseline");
            AssertTells((await HistoryAsync())[0], "baseline", "default", "exited", mysql.Id);
        }

        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
    }

    [Fact]
    public async Task A_first_packet_that_meets_the_persona_before_is_noticed()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartBoundAsync(activation: "controller");
        await Controller.StopAsync();
        var dropped = await DroppedByBaselineAsync();

        await using var mysql = StartMysql();

        await Eventually.TrueAsync(
            async () => await DroppedByBaselineAsync() > dropped, Patience, () => "the first packet is dropped");
    }

    [Fact]
    public async Task Without_a_controller_it_does_the_same_and_tells_when_one_is_back()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        var before = await StartBoundAsync();
        await Controller.StopAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        var dropped = await DroppedByBaselineAsync();

        int first;
        await using (var mysql = StartMysql())
        {
            first = mysql.Id;
            using var connection = await AcceptAsync(database);
            Assert.Equal(dropped, await DroppedByBaselineAsync());
            await mysql.StopAsync();
        }

        await Eventually.TrueAsync(
            async () => await VmHost.TryConnectAsync(DbAddress, 3306, ShortPatience) == SocketError.TimedOut,
            Patience, () => "the floor is back");
        await using var second = StartMysql();
        using var again = await AcceptAsync(database);

        await Controller.StartAgainAsync();
        await Agent.WaitUntilConnectedAsync(Patience);
        // The agent says first what is in force, and then how that came about, one switch after the other.
        var history = new JsonArray();
        await Eventually.TrueAsync(
            async () => (int?)(history = await HistoryAsync())[0]?["process"]?["pid"] == second.Id,
            Patience, () => $"the last switch has been reported; the history: {history.ToJsonString()}");
        await Api.WaitUntilRealisedAsync(Vm, "database_client");
        AssertTells(history[0], "database_client", "trigger", "started", second.Id);
        AssertTells(history[1], "baseline", "default", "exited", first);
        AssertTells(history[2], "database_client", "trigger", "started", first);
        var status = await Api.StatusAsync(Vm);
        Assert.Equal((long)before["desired_generation"]!, (long)status["desired_generation"]!);
        Assert.Equal((long)before["epoch"]! + 3, (long)status["epoch"]!);
    }

    [Fact]
    public async Task A_person_overrules_it()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartBoundAsync();
        await using var mysql = StartMysql();
        await Api.WaitUntilRealisedAsync(Vm, "database_client");

        await PinAsync("deny_all", DenyAll);
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        await Api.DeactivateAsync(Vm);
        await Api.WaitUntilRealisedAsync(Vm, "database_client");
        await AssertReachesAsync(VmHost, DbAddress, 3306);

        await Api.BindAsync(Vm, "baseline");
        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
    }

    private static void AssertTells(JsonNode? line, string persona, string cause, string happened, int pid) =>
        Assert.Equal(
            (persona, cause, "realized", happened, pid, true),
            ((string?)line!["persona"], (string?)line["cause"], (string?)line["result"],
                (string?)line["process"]?["event"], (int?)line["process"]?["pid"], line["epoch"] is not null));

    private static async Task<Socket> AcceptAsync(Socket listener)
    {
        using var patience = new CancellationTokenSource(Patience);
        return await listener.AcceptAsync(patience.Token);
    }

    private RunningProcess StartMysql() => VmHost.Start(
        "/usr/bin/mysql", ["--no-defaults", "--protocol=tcp", "-h", DbAddress, "--connect-timeout=60"]);

    /// <summary>The status with baseline in force and the persona of mysql staged.</summary>
    private async Task<JsonNode> StartBoundAsync(string activation = "kernel")
    {
        await StartAgentAsync(activation: activation);
        await Api.PutPersonaAsync("database_client", DatabaseClient);
        await Api.PutPersonaAsync("baseline", Baseline);
        await Api.BindAsync(Vm, "baseline", "database_client");
        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        return await Api.StatusAsync(Vm);
    }

    private async Task<double> DroppedByBaselineAsync() =>
        (await Agent.ReadMetricsAsync()).Sum(
            "persona_agent_packets_total", ("persona", "baseline"), ("direction", "egress"), ("verdict", "dropped"));

    private async Task<JsonArray> HistoryAsync() => (await Api.ActivationsAsync(Vm))["items"]!.AsArray();
}

using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>The seed persona, unchanged, through a process's life.</summary>
public sealed class PersonaLifeTests : SystemTest
{
    private const string Baseline =
        """{"name":"baseline","network_profile":""" +
        """{"allowed_egress":[{"protocol":"tcp","port":8080}],"allowed_ingress":[]}}""";

    [Fact]
    public async Task A_mysql_process_brings_its_persona_and_takes_it_along_when_it_ends()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        using var web = DbHost.Listen(DbAddress, 8080);
        await StartAgentAsync();
        await BindSeedAsync();
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        await AssertReachesAsync(VmHost, DbAddress, 8080);

        await using (var mysql = StartMysql(VmHost, DbAddress))
        {
            await Api.WaitUntilRealisedAsync(Vm, "database_client");
            await AssertReachesAsync(VmHost, DbAddress, 3306);
            await AssertDoesNotReachAsync(VmHost, DbAddress, 8080);
            await mysql.StopAsync();
        }

        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        await AssertReachesAsync(VmHost, DbAddress, 8080);
    }

    [Fact]
    public async Task A_mysql_process_outside_the_VM_does_not_count()
    {
        await StartAgentAsync();
        await BindSeedAsync();

        using var database = ControllerHost.Listen(ControllerAddress, 3306);
        await using (StartMysql(DbHost, ControllerAddress))
        {
            using var connection = await database.AcceptAsync();
            // Long enough for a trigger to have come through; the test above shows that it takes far less.
            await Task.Delay(TimeSpan.FromSeconds(2));
        }

        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        Assert.DoesNotContain(
            "database_client", (await Api.ActivationsAsync(Vm)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_of_the_controller_changes_nothing_while_the_process_lives()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync();
        await BindSeedAsync();
        await using var mysql = StartMysql(VmHost, DbAddress);
        await Api.WaitUntilRealisedAsync(Vm, "database_client");
        var before = await ActivationCountAsync();

        await Controller.StopAsync();
        await AssertReachesAsync(VmHost, DbAddress, 3306);
        await Controller.StartAgainAsync();
        await Agent.WaitUntilConnectedAsync(Patience);
        await Api.WaitUntilRealisedAsync(Vm, "database_client");
        await AssertReachesAsync(VmHost, DbAddress, 3306);
        Assert.Equal(before, await ActivationCountAsync());

        await mysql.StopAsync();
        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
    }

    [Fact]
    public async Task A_process_that_started_while_the_agent_was_away_counts_when_it_is_back()
    {
        await StartAgentAsync();
        await BindSeedAsync();
        Assert.Equal(0, await Agent.StopAsync());
        using var database = DbHost.Listen(DbAddress, 3306);
        await using var mysql = StartMysql(VmHost, DbAddress);
        using var connection = await database.AcceptAsync();

        await Agent.StartAgainAsync();

        await Api.WaitUntilRealisedAsync(Vm, "database_client");
        await AssertReachesAsync(VmHost, DbAddress, 3306);
        await AssertDoesNotReachAsync(VmHost, DbAddress, 8080);
    }

    private static RunningProcess StartMysql(LabHost host, string server) =>
        host.Start("/usr/bin/mysql", ["--no-defaults", "--protocol=tcp", "-h", server, "--connect-timeout=60"]);

    private async Task BindSeedAsync()
    {
        var seed = await File.ReadAllBytesAsync(BuiltProduct.File("tests/cases/seed/persona.json"));
        await Api.PutPersonaAsync("database_client", seed);
        await Api.PutPersonaAsync("baseline", Baseline);
        await Api.BindAsync(Vm, "baseline", "database_client");
        await Api.WaitUntilRealisedAsync(Vm, "baseline");
    }

    private async Task<int> ActivationCountAsync() => (await Api.ActivationsAsync(Vm))["items"]!.AsArray().Count;
}

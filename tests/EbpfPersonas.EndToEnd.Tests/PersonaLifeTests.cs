using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>The seed persona, unchanged, through a process's life.</summary>
public sealed class PersonaLifeTests : SystemTest
{
    private const string Baseline =
        """{"name":"baseline","network_profile":{"allowed_egress":[{"protocol":"tcp","port":8080}],"allowed_ingress":[]}}""";

    [Fact]
    public async Task A_mysql_process_brings_its_persona_and_takes_it_along_when_it_ends()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        using var web = DbHost.Listen(DbAddress, 8080);
        await StartAgentAsync();
        await Api.PutPersonaAsync("database_client", await File.ReadAllBytesAsync(BuiltProduct.File("tests/cases/seed/persona.json")));
        await Api.PutPersonaAsync("baseline", Baseline);
        await Api.BindAsync(Vm, "baseline", "database_client");
        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        await AssertDoesNotReachAsync(VmHost, DbAddress, 3306);
        await AssertReachesAsync(VmHost, DbAddress, 8080);

        await using (var mysql = VmHost.Start("/usr/bin/mysql", ["--no-defaults", "--protocol=tcp", "-h", DbAddress, "--connect-timeout=60"]))
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
        await Api.PutPersonaAsync("database_client", await File.ReadAllBytesAsync(BuiltProduct.File("tests/cases/seed/persona.json")));
        await Api.PutPersonaAsync("baseline", Baseline);
        await Api.BindAsync(Vm, "baseline", "database_client");
        await Api.WaitUntilRealisedAsync(Vm, "baseline");

        using var database = ControllerHost.Listen(ControllerAddress, 3306);
        await using (DbHost.Start("/usr/bin/mysql", ["--no-defaults", "--protocol=tcp", "-h", ControllerAddress, "--connect-timeout=60"]))
        {
            using var connection = await database.AcceptAsync();
            // Long enough for a trigger to have come through; the test above shows that it takes far less.
            await Task.Delay(TimeSpan.FromSeconds(2));
        }

        await Api.WaitUntilRealisedAsync(Vm, "baseline");
        Assert.DoesNotContain("database_client", (await Api.ActivationsAsync(Vm)).ToJsonString(), StringComparison.Ordinal);
    }
}

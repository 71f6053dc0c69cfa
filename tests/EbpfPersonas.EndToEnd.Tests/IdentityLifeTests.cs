using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// Certificates that last for seconds, of a real agent and a real controller: how they go on, end and are taken back,
/// while packets are judged all the time.
/// </summary>
public sealed class IdentityLifeTests : SystemTest
{
    private const string Web =
        """{"name":"web","network_profile":{"allowed_egress":[{"protocol":"tcp","port":8080}]}}""";

    private const string Database =
        """{"name":"database","network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306}]}}""";

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task They_are_renewed_under_one_authority_and_the_next_until_they_are_taken_back()
    {
        using var web = DbHost.Listen(DbAddress, 8080);
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync();
        await PinAsync("web", Web);

        await Controller.CommandAsync("ca", "prepare");
        await WaitAsync(() => AuthoritiesAsync(2), "the agent trusts both authorities");
        await Controller.CommandAsync("ca", "activate", "--force");
        await Controller.MeetAsync();
        var before = await NewestCertificateAsync();
        await WaitAsync(async () => await NewestCertificateAsync() != before, "it is renewed by the next authority");
        before = await NewestCertificateAsync();
        await Controller.CommandAsync("ca", "retire", "--force");
        await WaitAsync(() => AuthoritiesAsync(1), "the agent trusts the next authority alone");
        await WaitAsync(async () => await NewestCertificateAsync() != before, "it is renewed once more");
        await Agent.WaitUntilConnectedAsync(Patience);
        await AssertJudgedAsync(8080, 3306);
        await PinAsync("database", Database);
        await AssertJudgedAsync(3306, 8080);

        await Api.DeleteAsync($"/api/v1/vms/{Vm}/certificates");
        await Eventually.TrueAsync(
            async () => !await Agent.IsConnectedAsync(), TimeSpan.FromSeconds(5), () => "its stream ends");
        await WaitAsync(() => HasConditionAsync("CERTIFICATE_REVOKED"), "the controller says so");
        await WaitAsync(() => Task.FromResult(Agent.Output.Contains(
            "The controller refuses the certificate of this VM: The client certificate is revoked.",
            StringComparison.Ordinal)), "the agent says so");
        await AssertNothingNewUntilTokenAsync();
    }

    [Fact]
    public async Task One_that_ends_while_the_controller_is_away_ends_no_enforcement()
    {
        using var web = DbHost.Listen(DbAddress, 8080);
        using var database = DbHost.Listen(DbAddress, 3306);
        await StartAgentAsync();
        await PinAsync("database", Database);
        await Controller.StopAsync();

        await WaitAsync(() => Task.FromResult(Agent.Output.Contains(
            "The certificate of this VM expired at ", StringComparison.Ordinal)), "the agent says so");
        await AssertJudgedAsync(3306, 8080);
        await Controller.StartAgainAsync();
        await WaitAsync(() => HasConditionAsync("CERTIFICATE_EXPIRED"), "the controller says so");
        await AssertNothingNewUntilTokenAsync();
    }

    protected override Task<ControllerProcess> StartControllerAsync() =>
        ControllerProcess.StartAsync(ControllerHost, ControllerAddress, Lifetime);

    /// <summary>The VM keeps "database"; "web", which is decided meanwhile, comes with a new token.</summary>
    private async Task AssertNothingNewUntilTokenAsync()
    {
        await Api.PutPersonaAsync("web", Web);
        await Api.ActivateAsync(Vm, "web");
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.False(await Agent.IsConnectedAsync());
        await AssertJudgedAsync(3306, 8080);

        await File.WriteAllTextAsync(Agent.EnrolmentTokenFile, await Api.CreateEnrolmentTokenAsync(Vm));
        await Agent.WaitUntilConnectedAsync(LongPatience);
        await Api.WaitUntilRealisedAsync(Vm, "web");
        await AssertJudgedAsync(8080, 3306);
        Assert.False(await HasConditionAsync("CERTIFICATE_REVOKED") || await HasConditionAsync("CERTIFICATE_EXPIRED"));
    }

    private async Task AssertJudgedAsync(int allowed, int denied)
    {
        await AssertReachesAsync(VmHost, DbAddress, allowed);
        await AssertDoesNotReachAsync(VmHost, DbAddress, denied);
    }

    private async Task<bool> HasConditionAsync(string type) =>
        (await Api.StatusAsync(Vm))["conditions"]!.AsArray().Any(condition => (string?)condition!["type"] == type);

    /// <summary>The serial number of the VM's newest certificate.</summary>
    private async Task<string> NewestCertificateAsync() =>
        (string)(await Api.GetAsync($"/api/v1/vms/{Vm}/certificates"))[0]!["serial"]!;

    /// <summary>Whether the agent trusts that many.</summary>
    private async Task<bool> AuthoritiesAsync(int count)
    {
        var kept = await File.ReadAllTextAsync(Path.Combine(Agent.StateDirectory, "identity"));
        // Behind the VM's own.
        return kept.Split("BEGIN CERTIFICATE").Length - 2 == count;
    }

    private Task<TimeSpan> WaitAsync(Func<Task<bool>> condition, string expectation) => Eventually.TrueAsync(
        condition, LongPatience,
        () => $"{expectation}; the agent said:\n{Agent.Output}\nthe controller said:\n{Controller.Output}");
}

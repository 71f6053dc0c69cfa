using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// An agent with no other capabilities than its unit gives it takes over what another user's process has activated: a
/// script, whose name is in no file that everybody may read.
/// </summary>
public sealed class CapabilityTests : SystemTest
{
    private const string Unit = "build/debian/ebpf-personas-agent.service";
    private const string Setting = "CapabilityBoundingSet=";

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-script-").FullName;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Those_of_the_unit_suffice_for_the_processes_of_other_users()
    {
        await StartBoundAsync();
        await using (var script = StartScript())
        {
            await Api.WaitUntilRealisedAsync(Vm, "batch");
            await StartAgainWithAsync(OfUnit());

            // Realised anew, so by an agent that has looked who runs.
            await Api.PutPersonaAsync("spare", """{"name":"spare","network_profile":{}}""");
            await Api.BindAsync(Vm, "idle", "batch", "spare");
            await Api.WaitUntilRealisedAsync(Vm, "batch");
            script.Signal(LibC.SIGKILL);
            await Api.WaitUntilRealisedAsync(Vm, "idle");
        }

        await using var another = StartScript();
        await Api.WaitUntilRealisedAsync(Vm, "batch");
    }

    [Theory]
    [InlineData("CAP_DAC_READ_SEARCH")]
    [InlineData("CAP_SYS_PTRACE")]
    public async Task One_too_few_is_noticed(string capability)
    {
        await StartBoundAsync();
        await using var script = StartScript();
        await Api.WaitUntilRealisedAsync(Vm, "batch");

        await StartAgainWithAsync([.. OfUnit().Where(name => name != capability)]);

        await Api.WaitUntilRealisedAsync(Vm, "idle");
    }

    private static string[] OfUnit() =>
        File.ReadLines(BuiltProduct.File(Unit))
            .Single(line => line.StartsWith(Setting, StringComparison.Ordinal))[Setting.Length..]
            .Split(' ');

    private async Task StartBoundAsync()
    {
        await StartAgentAsync();
        await Api.PutPersonaAsync(
            "batch", """{"name":"batch","activation_trigger":{"process_name":"nightly"},"network_profile":{}}""");
        await Api.PutPersonaAsync("idle", """{"name":"idle","network_profile":{}}""");
        await Api.BindAsync(Vm, "idle", "batch");
        await Api.WaitUntilRealisedAsync(Vm, "idle");
    }

    private async Task StartAgainWithAsync(string[] capabilities)
    {
        await Agent.KillAsync();
        Agent.Capabilities = capabilities;
        await Agent.StartAgainAsync();
    }

    /// <summary>One process that stays, of a user without rights.</summary>
    private RunningProcess StartScript()
    {
        var script = Path.Join(_folder, "nightly");
        File.WriteAllText(script, "#!/usr/bin/tail -f\n");
        File.SetUnixFileMode(script, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        return VmHost.Start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--", script]);
    }
}

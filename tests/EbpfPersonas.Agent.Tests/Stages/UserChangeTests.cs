using System.Text;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.TestKit.Deployment;
using Xunit;
using RunningProcess = EbpfPersonas.TestKit.Processes.RunningProcess;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>The kernel compares numbers of users; whose they are changes while personas wait.</summary>
public sealed class UserChangeTests : IAsyncLifetime
{
    private const string Document =
        """{"name":"client","activation_trigger":{"process_name":"sleep","user":"alice"}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _passwd = Path.GetTempFileName();
    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public async Task DisposeAsync()
    {
        await _lab.DisposeAsync();
        File.Delete(_passwd);
    }

    [Fact]
    public async Task A_user_that_is_made_later_or_gets_another_number_counts_from_then_on()
    {
        await using var before = await SleepAsync("1001");
        var activation = Stage(before.Id);
        activation.Look(thorough: true);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);

        // One that runs already, and then one that begins.
        Write("alice", 1001, 1);
        activation.Look(thorough: true);
        Assert.Equal(StageLab.Client.Name, _lab.InForce);
        await before.StopAsync();
        await InForceAsync(StageLab.Before.Name);
        await using var again = await SleepAsync("1001");
        await InForceAsync(StageLab.Client.Name);

        Write("alice", 1002, 2);
        activation.Look(thorough: true);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
        await using var other = await SleepAsync("1002");
        await InForceAsync(StageLab.Client.Name);

        Write("bob", 1002, 3);
        activation.Look(thorough: true);
        Assert.Equal(StageLab.Before.Name, _lab.InForce);
    }

    /// <summary>As an agent in the namespace of a process.</summary>
    private StagedActivation Stage(int process)
    {
        var users = new UserNames(_passwd);
        var activation = new StagedActivation(
            _lab.Dataplane,
            new ConditionWatch(_lab.Stages, users, new ProcFiles(users, $"{process}")),
            () => new Moment(BootClock.Now, TimeProvider.System.GetUtcNow()));
        var findings = new Findings();
        var document = PersonaValidator.Validate(Encoding.UTF8.GetBytes(Document), findings)!.Document;
        activation.Apply(
            1, StageLab.Before, new Staging([new StagedPersona(BindingMapper.ToBinding(document), StageLab.Client)], 1));
        return activation;
    }

    /// <summary>The time of the file says that it changed, and two changes may fall into one tick of it.</summary>
    private void Write(string name, int id, int minute)
    {
        File.WriteAllText(_passwd, $"{name}:x:{id}:{id}::/:/bin/sh\n");
        File.SetLastWriteTimeUtc(_passwd, DateTime.UnixEpoch.AddMinutes(minute));
    }

    private async Task<RunningProcess> SleepAsync(string user)
    {
        var process = _lab.Vm.Start("setpriv", ["--reuid", user, "/bin/sleep", "60"]);
        await Eventually.TrueAsync(
            () => Task.FromResult(Comm(process) == "sleep"), Patience, () => $"sleep runs: {process.Output}");
        return process;
    }

    private static string Comm(RunningProcess process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private Task<TimeSpan> InForceAsync(string name) => Eventually.TrueAsync(
        () => Task.FromResult(_lab.InForce == name), Patience, () => $"{name} is in force, not {_lab.InForce}");
}

using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Tests.Activity;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// Programs as Debian packages them: `mysql` is a link to `mariadb`, `psql` a link to a script of perl that executes
/// the real one. They wait for servers that never answer.
/// </summary>
public sealed class RealProgramTests(TestPrograms programs) : IClassFixture<TestPrograms>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private StageLab _lab = null!;

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData("mysql", "mysql", null, true)]
    [InlineData("mysql", "mariadb", null, true)]
    [InlineData("mysql", null, "/usr/bin/mysql", true)]
    [InlineData("mysql", null, "/usr/bin/mariadb", true)]
    [InlineData("mysql", "mysql", "/usr/bin/mysqldump", false)]
    [InlineData("mysql through PATH", "mysql", "/usr/bin/mysql", true)]
    [InlineData("psql", "psql", null, true)]
    [InlineData("psql", null, "/usr/lib/postgresql/15/bin/psql", true)]
    [InlineData("psql", "pg_wrapper", null, false)]
    [InlineData("psql", "perl", null, false)]
    [InlineData("a script of Python", "report.py", null, true)]
    [InlineData("a script of Python", "python3.11", null, false)]
    [InlineData("a script of Python", null, "/usr/bin/python3.11", false)]
    [InlineData("Python that is given a script", "python3.11", null, true)]
    [InlineData("Python that is given a script", "report.py", null, false)]
    public async Task Holds_for(string what, string? name, string? path, bool holds)
    {
        var number = _lab.StageClient(new KernelCondition(name, path, null, null));
        await using var process = Start(what);
        var runs = what.StartsWith("psql", StringComparison.Ordinal) ? "psql"
            : what.StartsWith("mysql", StringComparison.Ordinal) ? "mysql"
            : what == "a script of Python" ? "report.py" : "python3";
        await Eventually.TrueAsync(
            () => Task.FromResult(Executable(process) is { } file && file != "/usr/bin/nsenter" && Comm(process) == runs
                && (runs != "psql" || file.EndsWith("/psql", StringComparison.Ordinal)) && Sleeps(process)),
            Patience, () => $"{what} runs, not {Comm(process)}: {process.Output}");

        Assert.Equal(holds, Live(number) > 0);
        Assert.Equal(holds ? StageLab.Client.Name : StageLab.Before.Name, _lab.InForce);
        await process.StopAsync();
        await Eventually.TrueAsync(
            () => Task.FromResult(Live(number) == 0 && _lab.InForce == StageLab.Before.Name), Patience,
            () => $"{what} is over: {Live(number)} live, {_lab.InForce} in force");
    }

    [Fact]
    public async Task The_wrapper_of_psql_and_what_it_executes_count_as_one()
    {
        var number = _lab.StageClient(new KernelCondition("psql", null, null, null));
        var epoch = _lab.Dataplane.Realised.Epoch;
        await using (var psql = Start("psql"))
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(
                    Executable(psql)?.EndsWith("/psql", StringComparison.Ordinal) == true && Sleeps(psql)),
                Patience,
                () => $"psql runs: {psql.Output}");
            Assert.Equal((1u, epoch + 1), (Live(number), _lab.Dataplane.Realised.Epoch));
        }

        await Eventually.TrueAsync(() => Task.FromResult(Live(number) == 0), Patience, () => "psql is over");
        Assert.Equal(epoch + 2, _lab.Dataplane.Realised.Epoch);
    }

    private RunningProcess Start(string what) => what switch
    {
        "mysql" => _lab.Vm.Start("/usr/bin/mysql", MysqlOptions),
        "mysql through PATH" => _lab.Vm.Start("mysql", MysqlOptions),
        "psql" => _lab.Vm.Start("/usr/bin/psql", ["-h", StageLab.OldAddress, "-U", "nobody", "postgres"]),
        "a script of Python" => _lab.Vm.Start(Report(), []),
        "Python that is given a script" => _lab.Vm.Start("/usr/bin/python3", [Report()]),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such program"),
    };

    private static string[] MysqlOptions =>
        ["--no-defaults", "--protocol=tcp", "-h", StageLab.OldAddress, "--connect-timeout=60"];

    private string Report() =>
        programs.Script("report.py", "#!/usr/bin/python3\nimport time\ntime.sleep(60)\n");

    /// <summary>What still executes a program has its name already, and does not sleep.</summary>
    private static bool Sleeps(RunningProcess process) =>
        Read(() => File.ReadAllText($"/proc/{process.Id}/stat")).Contains(") S ", StringComparison.Ordinal);

    private static string Comm(RunningProcess process) =>
        Read(() => File.ReadAllText($"/proc/{process.Id}/comm").Trim());

    private static string? Executable(RunningProcess process) =>
        Read(() => File.ResolveLinkTarget($"/proc/{process.Id}/exe", returnFinalTarget: false)!.FullName);

    private static string Read(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private uint Live(int number) => _lab.Stages.State.Condition[number].Live;
}

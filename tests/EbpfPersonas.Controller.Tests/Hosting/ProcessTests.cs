using System.Diagnostics;
using System.Net;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Controller.Tests.Identity;
using EbpfPersonas.TestKit.Agents;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Hosting;

/// <summary>The program as it is run: exit codes, what it prints, signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-process-").FullName;

    private static string Program => Path.Combine(AppContext.BaseDirectory, "ebpf-personas-controller.dll");

    private string Config => Path.Combine(_folder, "controller.json");

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Plain_HTTP_beyond_loopback_is_refused_at_start()
    {
        using var process = Start("--api_listen", "http://[::]:0");

        var said = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("plain HTTP beyond this machine", said, StringComparison.Ordinal);
        Assert.Single(said.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task An_address_that_is_taken_is_one_sentence_and_exit_code_1()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var process = Start("--api_listen", $"http://{taken.LocalEndpoint}");

        var said = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("Failed to bind", said, StringComparison.Ordinal);
        Assert.Single(said.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Its_memory_is_in_no_core_file_and_its_authority_is_shown_by_the_same_program()
    {
        using var process = Start();
        await ReadAddressesAsync(process);
        Assert.Equal("00000000", (await File.ReadAllTextAsync($"/proc/{process.Id}/coredump_filter")).Trim());

        var (code, shown, _) = await CommandAsync("ca", "show");
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(0, code);
        Assert.Contains("-----BEGIN CERTIFICATE-----", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_controller_remembers_everything_that_it_answered()
    {
        string api;
        using (var killed = Start())
        {
            (api, var agents) = await ReadAddressesAsync(killed);
            using var http = await AdministratorAsync(api);
            using var put = await http.PutAsync(
                "/api/v1/personas/db", RunningController.Json(RunningController.Persona));
            await RunningController.SuccessAsync(put);
            await using var agent = await FakeAgent.StartAsync(agents, await EnrolAsync());
            using var pin = await http.PostAsync(
                "/api/v1/vms/vm-1/activations", RunningController.Json("""{"persona":"db"}"""));
            await RunningController.SuccessAsync(pin);
            killed.Kill();
            await killed.WaitForExitAsync().WaitAsync(Patience);
        }

        using var again = Start();
        (api, var agentsAgain) = await ReadAddressesAsync(again);
        await using var back = await FakeAgent.StartAsync(agentsAgain, await EnrolAsync());

        var state = await back.NextAsync();
        Assert.Equal((1UL, "db"), (state.Generation, state.Persona.Name));
        again.Kill();
        await again.WaitForExitAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task It_stops_within_two_seconds_while_streams_are_open()
    {
        using var process = Start();
        var (api, agents) = await ReadAddressesAsync(process);
        await using var agent = await FakeAgent.StartAsync(agents, await EnrolAsync());
        using var http = await AdministratorAsync(api);
        // The welcome comes after the VM is known.
        using var known = await http.GetAsync("/api/v1/vms/vm-1");
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms/vm-1/activity");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var live = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var watch = Stopwatch.StartNew();
        using var signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);

        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(0, process.ExitCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task The_command_line_makes_the_first_token_and_follows_the_chain_that_tells_of_it()
    {
        var (code, token, said) = await CommandAsync(
            "token", "create", "--role", "operator", "--name", "ci", "--ttl", "1d");
        Assert.Equal((0, ""), (code, said));
        Assert.Matches(@"^ebpfp_api_[0-9a-f]{16}_[0-9a-f]{64}\n\z", token);

        var (_, verified, _) = await CommandAsync("audit", "verify");
        Assert.StartsWith("1:", verified, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandAsync("audit", "verify", "--expect", verified.TrimEnd())).Code);
        var other = await CommandAsync("audit", "verify", "--expect", "1:" + new string('0', 64));
        Assert.Equal((1, ""), (other.Code, other.Output));
        Assert.Contains("not the one that is expected", other.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--role", "token create")]
    [InlineData("--role", "token create --role root")]
    [InlineData("--tenant", "token create --role admin --tenant Big/Corp")]
    [InlineData("--ttl", "token create --role admin --ttl never")]
    [InlineData("--name", "token create --role admin --name A")]
    [InlineData("Usage", "token destroy --role admin")]
    [InlineData("--expect", "audit verify --expect 7")]
    [InlineData("not an option", "audit verify --what x")]
    public async Task A_command_that_is_wrong_says_what_and_does_nothing(string what, string command)
    {
        var (code, output, said) = await CommandAsync(command.Split(' '));

        Assert.Equal((1, ""), (code, output));
        Assert.Contains(what, said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "controller.db")));
    }

    private async Task<HttpClient> AdministratorAsync(string api)
    {
        var (_, token, _) = await CommandAsync("token", "create", "--role", "admin");
        var http = new HttpClient { BaseAddress = new Uri(api) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", token.TrimEnd());
        return http;
    }

    /// <summary>Runs a command on the same settings.</summary>
    private async Task<(int Code, string Output, string Said)> CommandAsync(params string[] words)
    {
        File.WriteAllText(Config, "{}");
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [Program, .. words, "--config", Config, "--store", Path.Combine(_folder, "controller.db")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, output, await said);
    }

    /// <summary>What vm-1 shows, from the authority and the store of the process that runs.</summary>
    private async Task<FakeIdentity> EnrolAsync()
    {
        var authority = new CertificateAuthority(
            new AuthorityFolder(Path.Combine(_folder, "ca"), TimeProvider.System),
            NullLogger<CertificateAuthority>.Instance);
        return await TestEnrolment.EnrolAsync(
            authority, new CertificateIssuer(authority, TimeSpan.FromHours(1), TimeProvider.System),
            new SqliteStore(Path.Combine(_folder, "controller.db")).Identities,
            new VmKey(TestEnrolment.Tenant, "vm-1"), TimeProvider.System.GetUtcNow());
    }

    private Process Start(params string[] arguments)
    {
        File.WriteAllText(Config, "{}");
        var start = new ProcessStartInfo("dotnet", [
            Program, "--config", Config, "--store", Path.Combine(_folder, "controller.db"),
            "--api_listen", "http://127.0.0.1:0", "--agents_listen", "https://127.0.0.1:0", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Reads them from the line that says what is served.</summary>
    private static async Task<(string Api, string Agents)> ReadAddressesAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.Contains("[2000]", StringComparison.Ordinal))
            {
                var addresses = line.Split(' ')
                    .Where(word => word.StartsWith("http", StringComparison.Ordinal)).ToArray();
                return (addresses[0], addresses[1].TrimEnd('.'));
            }
        }

        throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
    }
}

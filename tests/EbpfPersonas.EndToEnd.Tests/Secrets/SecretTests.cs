using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests.Secrets;

/// <summary>The secrets of a real controller and agent, looked for wherever somebody else might find them.</summary>
public sealed class SecretTests : SystemTest
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly CanarySearch _search = new();

    private string ConfigurationOfAgent => Path.GetDirectoryName(Agent.StateDirectory)!;

    [Fact]
    public async Task No_secret_is_anywhere_but_in_the_file_that_keeps_it()
    {
        await StartAgentAsync();
        var authority = Path.Combine("ca", Path.GetFileName(Assert.Single(
            Directory.GetFiles(Path.Combine(Controller.Folder, "ca"), "*.key"))));
        var identity = Path.Combine(Agent.StateDirectory, "identity");
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Controller.Folder, authority)));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(identity));
        var unused = await Api.CreateEnrolmentTokenAsync("vm-2");
        _search.Plant(Canary.OfToken("API token", Controller.Token));
        _search.Plant(Canary.OfToken("used enrolment token", Agent.EnrolmentToken));
        _search.Plant(Canary.OfToken("unused enrolment token", unused));
        _search.Plant(Canary.OfKey(
            "authority's key", await File.ReadAllTextAsync(Path.Combine(Controller.Folder, authority))));
        _search.Plant(Canary.OfKey("VM's key", await File.ReadAllTextAsync(identity)));
        using var http = Client();
        var misuse = new Misuse(http, Controller.Token);
        await misuse.SendAllAsync(Controller.Token);
        await misuse.SendAllAsync(unused);
        Assert.InRange(misuse.Count, 80, 200);

        await LookEverywhereAsync(misuse.Answers);
        string[] expected = ["VM's key in agent/state/identity", $"authority's key in controller/{authority}"];
        Assert.Equal(expected, _search.Found);

        await MisuseTokenFileAsync(Agent.EnrolmentToken, "could not enrol");
        await MisuseTokenFileAsync(unused + "x", "does not hold an enrolment token");
        await MisuseTokenFileAsync(Controller.Token, "does not hold an enrolment token");
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Agent.StateDirectory, "identity.pending")));
        File.Delete(Agent.EnrolmentTokenFile);
        await LookEverywhereAsync("");
        await Controller.StopAsync();
        _search.LookIntoFolder("controller", Controller.Folder);
        Assert.Equal(expected, _search.Found);
    }

    [Fact]
    public async Task The_search_finds_what_is_planted()
    {
        await StartAgentAsync();
        var token = Controller.Token;
        _search.Plant(Canary.OfToken("token", token));
        await using var process = RunningProcess.Start(
            "sh", ["-c", "read line", token], new Dictionary<string, string> { ["SECRET"] = token.ToUpperInvariant() });
        var secret = Convert.FromHexString(token.Split('_')[3]);
        Directory.CreateDirectory(Path.Combine(Controller.Folder, "planted"));
        await File.WriteAllBytesAsync(Path.Combine(Controller.Folder, "planted", "octets"), [1, 2, .. secret, 3]);
        await File.WriteAllTextAsync(Path.Combine(Agent.StateDirectory, "planted"), Convert.ToBase64String(secret));

        // As a sentence would that cuts what it quotes.
        await LookEverywhereAsync($"There is no VM '{token[..64]}...'");
        _search.LookIntoText("log", $"{Controller.Output}\n{token[^40..]}\n");

        Assert.Equal(
            [
                "token in agent/state/planted", "token in answers", "token in arguments",
                "token in controller/planted/octets", "token in environment", "token in log",
            ],
            _search.Found);
    }

    private async Task LookEverywhereAsync(string answers)
    {
        _search.LookIntoText("answers", answers);
        _search.LookIntoText("controller's log", Controller.Output);
        _search.LookIntoText("agent's log", Agent.Output);
        _search.LookIntoText("agent's metrics", await Agent.ReadMetricsTextAsync());
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new("Bearer", Controller.Token);
        foreach (var path in (string[])
        [
            "/metrics", "/api/v1/audit?limit=500", "/api/v1/tokens", "/api/v1/enrolment-tokens", "/api/v1/personas",
            "/api/v1/vms", $"/api/v1/vms/{Vm}/status", "/openapi/v1.json",
        ])
        {
            _search.LookIntoText(path, await http.GetStringAsync(path));
        }

        // The controller and the agent at least.
        Assert.InRange(_search.LookIntoProcesses(), 2, 100);
        // The store with its write-ahead log, as the running controller has them.
        Assert.NotEmpty(Directory.GetFiles(Controller.Folder, "*-wal"));
        _search.LookIntoFolder("controller", Controller.Folder);
        _search.LookIntoFolder("agent", ConfigurationOfAgent);
    }

    /// <summary>An agent without credentials, with this in its token file, until it says what is wrong.</summary>
    private async Task MisuseTokenFileAsync(string text, string said)
    {
        await Agent.StopAsync();
        _search.LookIntoText("agent's log", Agent.Output);
        File.Delete(Path.Combine(Agent.StateDirectory, "identity"));
        await File.WriteAllTextAsync(Agent.EnrolmentTokenFile, text);
        Agent.Launch();
        await Eventually.TrueAsync(
            () => Task.FromResult(Agent.Output.Contains(said, StringComparison.Ordinal)),
            Patience, () => $"the agent says \"{said}\"; it said:\n{Agent.Output}");
    }

    private HttpClient Client()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Controller.AuthoritiesFile);
        return ControllerHost.CreateHttpClient($"https://{Controller.MetricsAddress}", authorities);
    }
}

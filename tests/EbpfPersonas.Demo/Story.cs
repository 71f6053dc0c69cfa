using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Deployment;

namespace EbpfPersonas.Demo;

/// <summary>
/// What `make demo` shows, step by step. Every step that does not turn out as told counts as a difference.
/// </summary>
internal sealed class Story
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Stage _stage;
    private int _differences;
    private int _step;

    public Story(Stage stage) => _stage = stage;

    public async Task TellAsync()
    {
        Step("Upload the personas: database_client, byte for byte from the design, and a baseline");
        await UploadAsync("database_client", "tests/cases/seed/persona.json");
        await UploadAsync("baseline", "tests/EbpfPersonas.Demo/baseline.json");

        Step("No persona is bound yet: every server answers, so a silence later is the kernel's doing");
        await TryAllAsync(database: true, otherAddress: true, otherPort: true, web: true);

        Step("Bind both to the VM; baseline is its default and comes into force");
        await _stage.Controller.BindAsync(Stage.VmId, "baseline", "database_client");
        await RealisedAsync("baseline");
        await TryAllAsync(database: false, otherAddress: false, otherPort: false, web: true);

        Step("Start a real mysql client in the VM; its exec activates database_client");
        await using (var mysql = _stage.Vm.Start(
            "/usr/bin/mysql", ["--no-defaults", "--protocol=tcp", "-h", Stage.Database, "--connect-timeout=60"]))
        {
            await RealisedAsync("database_client");
            await TryAllAsync(database: true, otherAddress: false, otherPort: false, web: false);
            await _stage.MysqlArrived.WaitAsync(Patience);
            Console.WriteLine("    the mysql client itself (pid " + mysql.Id + ") has reached the database");

            Step("End the mysql client; baseline comes back");
            await mysql.StopAsync();
        }

        await RealisedAsync("baseline");
        await TryAllAsync(database: false, otherAddress: false, otherPort: false, web: true);

        Step("Why: the controller's record of this VM's activations");
        await ShowCausesAsync();

        Step("What the kernel counted: the agent's /metrics, as Prometheus reads it");
        await ShowCountersAsync();
    }

    /// <summary>The last line, and the exit code.</summary>
    public int Finish()
    {
        Console.WriteLine(_differences == 0
            ? "\nEverything went as the personas say."
            : $"\nThe demo FAILED: {_differences} outcome(s) differ, see WRONG above.");
        return _differences == 0 ? 0 : 1;
    }

    private void Step(string text) => Console.WriteLine($"\n{++_step}. {text}");

    private async Task UploadAsync(string name, string path)
    {
        var answer = await _stage.Controller.PutPersonaAsync(
            name, await File.ReadAllBytesAsync(BuiltProduct.File(path)));
        Console.WriteLine($"    {name}: accepted as revision {answer["metadata"]?["revision"]}");
        foreach (var warning in answer["warnings"] as JsonArray ?? [])
        {
            var (code, message) = ((string?)warning!["code"], (string?)warning["message"]);
            Console.WriteLine(
                $"      warning {(message!.StartsWith(code!, StringComparison.Ordinal) ? "" : code + ": ")}{message}");
        }
    }

    private async Task RealisedAsync(string persona)
    {
        var took = await _stage.Controller.WaitUntilRealisedAsync(Stage.VmId, persona);
        Console.WriteLine($"    {persona} is realised in the kernel after {took.TotalMilliseconds:0} ms");
    }

    private async Task TryAllAsync(bool database, bool otherAddress, bool otherPort, bool web)
    {
        Attempt[] attempts =
        [
            new(Stage.Database, 3306, database), new(Stage.Other, 3306, otherAddress),
            new(Stage.Database, 8080, otherPort), new(Stage.Other, 8080, web),
        ];
        foreach (var attempt in attempts)
        {
            if (!await attempt.TryAsync(_stage.Vm))
            {
                _differences++;
            }
        }
    }

    private async Task ShowCausesAsync()
    {
        // The API gives the newest first; a story begins at the beginning.
        var activations = (await _stage.Controller.ActivationsAsync(Stage.VmId))["items"]!.AsArray()
            .OrderBy(activation => (long)activation!["generation"]!).ToList();
        foreach (var activation in activations)
        {
            Console.WriteLine(
                $"    {activation!["at"]}  generation {activation["generation"]}: " +
                $"{activation["persona"] ?? "no persona"}, cause {activation["cause"]}, {activation["result"]}");
            Console.WriteLine($"      {activation["reason"]}");
            if (activation["process"] is { } process)
            {
                Console.WriteLine(
                    $"      process {process["event"]} {process["time"]}: pid {process["pid"]}, " +
                    $"{process["path"]} = {process["executable"]}");
            }
        }

        Expect(
            activations.Any(activation => (string?)activation!["persona"] == "database_client" &&
                (string?)activation["process"]?["path"] == "/usr/bin/mysql"),
            "an activation of database_client that names the process /usr/bin/mysql");
    }

    private async Task ShowCountersAsync()
    {
        var text = await _stage.Agent.ReadMetricsTextAsync();
        string[] shown =
        [
            "persona_agent_packets_total{", "persona_agent_rule_hits_total{", "persona_agent_switches_total{",
            "persona_agent_active{",
        ];
        foreach (var line in text.Split('\n')
            .Where(line => shown.Any(line.StartsWith) && !line.EndsWith(" 0", StringComparison.Ordinal)))
        {
            Console.WriteLine($"    {line}");
        }

        var metrics = await _stage.Agent.ReadMetricsAsync();
        Expect(
            metrics.Any(sample =>
                sample.Is("persona_agent_rule_hits_total", ("persona", "database_client")) && sample.Value > 0),
            "hits of a rule of database_client");
        Expect(
            metrics.Any(sample => sample.Is("persona_agent_packets_total",
                ("persona", "baseline"), ("verdict", "dropped"), ("reason", "default_deny")) && sample.Value > 0),
            "packets that baseline's default dropped");
    }

    private void Expect(bool condition, string what)
    {
        if (!condition)
        {
            _differences++;
            Console.WriteLine($"    <<< WRONG: expected {what}");
        }
    }
}

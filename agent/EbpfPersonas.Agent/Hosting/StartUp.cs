using System.Collections;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Metrics;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// The ways to start the program. Each gives the exit code; what is wrong goes to standard error in sentences.
/// </summary>
internal static class StartUp
{
    /// <summary>Governs this network namespace until SIGTERM or SIGINT.</summary>
    public static Task<int> RunAsync(CommandLine command) => GuardAsync(async () =>
    {
        var settings = ReadSettings(command);
        PinRoot.Require(settings.PinDirectory);
        using var host = AgentHost.Build(settings);
        await host.StartAsync();
        await host.WaitForShutdownAsync();

        // The host stops when a service fails, and says nothing of it to whoever started the program.
        var failed = host.Services.GetServices<IHostedService>()
            .OfType<BackgroundService>()
            .Select(service => service.ExecuteTask?.Exception);
        if (failed.FirstOrDefault(failure => failure is not null) is { } failure)
        {
            throw new IOException(failure.GetBaseException().Message, failure);
        }
    });

    /// <summary>The operator's commands.</summary>
    public static async Task<int> CommandAsync(CommandLine command)
    {
        var exitCode = 0;
        var guarded = await GuardAsync(async () =>
        {
            var settings = ReadSettings(command);
            var commands = new OperatorCommands(
                settings, () => EnforceNow(settings), () => RemoveNow(settings), TimeProvider.System);
            (var text, exitCode) = await commands.RunAsync(command.Command, command.Json);
            await (exitCode == ExitCodes.Failed ? Console.Error : Console.Out).WriteLineAsync(text);
        });
        return guarded == 0 ? exitCode : guarded;
    }

    /// <summary>
    /// Does all that a start does before packets are concerned: reads the settings, loads and verifies the BPF
    /// programs, traces for a moment, finds the controller's address, writes to the state directory, binds the metrics
    /// address.
    /// </summary>
    public static Task<int> CheckAsync(CommandLine command) => GuardAsync(async () =>
    {
        var settings = ReadSettings(command);
        PinRoot.Require(settings.PinDirectory);
        Directory.CreateDirectory(settings.StateDirectory);
        using (File.Create(Path.Join(settings.StateDirectory, ".check"), 1, FileOptions.DeleteOnClose))
        {
        }

        // Nothing that is pinned may change.
        using var host = AgentHost.Build(settings with { PinDirectory = null });

        // The port itself may be held by the agent that runs.
        MetricsEndpoint.Bind(new IPEndPoint(settings.MetricsListen.Address, 0)).Dispose();

        if (settings.MetricsTls is { } files)
        {
            _ = new MetricsTls(files, TimeProvider.System, NullLogger.Instance);
        }

        if (host.Services.GetRequiredService<Baseline>().Errors is { Count: > 0 } errors)
        {
            throw new SettingsException(errors);
        }

        host.Services.GetRequiredService<PersonaDataplane>();
        host.Services.GetRequiredService<ProcessTracer>().Attach();
        var addresses = await host.Services.GetRequiredService<ControllerLocator>().LocateAsync(CancellationToken.None);
        if (addresses.Count == 0)
        {
            throw new SettingsException([$"controller: no address is known for {settings.Controller.Host}."]);
        }

        await Console.Out.WriteLineAsync(
            $"ready: the BPF programs load, and the controller is at {string.Join(", ", addresses)}");
    });

    private static void EnforceNow(AgentSettings settings)
    {
        PinRoot.Require(settings.PinDirectory);
        using var host = AgentHost.Build(settings);
        host.Services.GetRequiredService<StartSequence>().Run();
    }

    private static void RemoveNow(AgentSettings settings)
    {
        PinRoot.Require(settings.PinDirectory);
        using var host = AgentHost.Build(settings);
        host.Services.GetRequiredService<PersonaDataplane>().Remove();
    }

    private static AgentSettings ReadSettings(CommandLine command)
    {
        var path = command.Config ?? CommandLine.DefaultConfig;
        var file = command.Config is not null || File.Exists(path) ? File.ReadAllText(path) : null;
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty);
        var machineId = File.Exists("/etc/machine-id") ? File.ReadAllText("/etc/machine-id").Trim() : null;
        return SettingsReader.Read(file, environment, command.Settings, machineId);
    }

    private static async Task<int> GuardAsync(Func<Task> start)
    {
        try
        {
            await start();
            return 0;
        }
        catch (Exception failure) when (failure is SettingsException or BpfException or IOException
            or UnauthorizedAccessException or SocketException)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
    }
}

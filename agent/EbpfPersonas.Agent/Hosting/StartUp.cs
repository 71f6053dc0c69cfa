using System.Collections;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Metrics;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// The ways to start the program. Each gives the exit code; what is wrong goes to standard error in sentences.
/// </summary>
internal static class StartUp
{
    /// <summary>Governs this network namespace until SIGTERM or SIGINT.</summary>
    public static Task<int> RunAsync(CommandLine command) => GuardAsync(async () =>
    {
        using var host = AgentHost.Build(ReadSettings(command));
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

    /// <summary>
    /// Does all that a start does before packets are concerned: reads the settings, loads and verifies the BPF
    /// programs, traces for a moment, finds the controller's address, writes to the state directory, binds the metrics
    /// address.
    /// </summary>
    public static Task<int> CheckAsync(CommandLine command) => GuardAsync(async () =>
    {
        var settings = ReadSettings(command);
        Directory.CreateDirectory(settings.StateDirectory);
        using (File.Create(Path.Join(settings.StateDirectory, ".check"), 1, FileOptions.DeleteOnClose))
        {
        }

        // The port itself may be held by the agent that runs.
        MetricsEndpoint.Bind(new IPEndPoint(settings.MetricsListen.Address, 0)).Dispose();

        using var host = AgentHost.Build(settings);
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

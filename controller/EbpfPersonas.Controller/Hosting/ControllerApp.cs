using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>Puts the controller together.</summary>
internal static class ControllerApp
{
    /// <summary>
    /// The whole controller, not yet started. Opens the store and the authority, and makes them where they are missing.
    /// </summary>
    public static WebApplication Build(ControllerSettings settings, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = Environments.Production });
        // Everything that can be set is in ControllerSettings.
        builder.Configuration.Sources.Clear();
        builder.AddLogging();
        builder.AddListeners(settings);
        builder.AddSystemdWatchdog();
        // A client that does not take the end of its stream is waited for so long, which leaves time to stop within two.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));

        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var store = new SqliteStore(settings.Store);
        builder.Services.AddSingleton<IStore>(store);
        builder.Services.AddSingleton(store.Tokens);
        builder.Services.AddSingleton(store.Audit);
        builder.Services.AddSingleton<RecordCounts>();
        builder.Services.AddSingleton<LimitedAudit>();
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(store.Identities);
        builder.Services.AddIdentities(settings);
        builder.Services.AddSingleton(new AgentsAddresses(settings));
        builder.Services.AddSingleton<ControllerMetrics>();
        builder.Services.AddSingleton<PersonaLibrary>();
        builder.Services.AddSingleton<SteadyClock>();
        builder.Services.AddSingleton<Decisions>();
        builder.Services.AddSingleton<PersonaManager>();
        builder.Services.AddSingleton<ActivityIntake>();
        builder.Services.AddSingleton<AgentFleet>();
        builder.Services.AddSingleton<IDesiredStateSink>(services => services.GetRequiredService<AgentFleet>());
        builder.AddAgentCalls();
        builder.AddAccess(settings.Oidc);
        builder.AddApi();

        var app = builder.Build();
        app.Services.GetRequiredService<CertificateAuthority>();
        app.UseProblems();
        app.UseRouting();
        app.UseListenerWall();
        app.Use(AgentCalls.LimitBodyAsync);
        app.UseAuthentication();
        app.UseRequestGate();
        app.UseAuthorization();
        app.UseRequestTimeouts();
        app.Use(CallFaults.TellUnreadableAsync);
        // Which agent it is its certificate says, to the services themselves; a stream lasts.
        app.MapGrpcService<AgentConnection>().AllowAnonymous().DisableRequestTimeout();
        app.MapGrpcService<EnrolmentEndpoint>().AllowAnonymous();
        app.MapApi();
        app.MapGet("/metrics", (Caller caller, HttpResponse response, ControllerMetrics metrics) =>
            metrics.ExportAsync(caller, response)).ExcludeFromDescription().Allows(Role.Viewer);
        return app;
    }

    /// <summary>Takes up the store's state, then listens.</summary>
    public static async Task StartAsync(WebApplication app)
    {
        var manager = app.Services.GetRequiredService<PersonaManager>();
        var fleet = app.Services.GetRequiredService<AgentFleet>();
        await manager.StartAsync();
        app.Services.GetRequiredService<ControllerMetrics>().OnScrape(
            fleet.CountConnected,
            tenant => manager.VmsOf(tenant).Count(
                actor => VmPhases.Of(actor, fleet.SentGeneration(actor.Vm.Key)) != VmPhase.Realized));
        await app.StartAsync();

        var addresses = Addresses(app);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("EbpfPersonas.Controller.Hosting");
        log.Serving(app.Services.GetRequiredService<IStore>().ControllerId, addresses.Api, addresses.Agents);
    }

    /// <summary>The addresses that are listened on, with the ports that the kernel chose.</summary>
    public static (string Api, string Agents) Addresses(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.ToArray();
        return (addresses[0], addresses[1]);
    }

    private static void AddSystemdWatchdog(this WebApplicationBuilder builder)
    {
        builder.Services.AddSystemd();
        if (SystemdHelpers.IsSystemdService()
            && Watchdog.PatienceOf(Environment.ProcessId, Environment.GetEnvironmentVariable) is { } patience)
        {
            builder.Services.AddHostedService(provider => new Watchdog(
                provider.GetRequiredService<ISystemdNotifier>(), patience,
                provider.GetRequiredService<IStore>().CheckAsync,
                provider.GetRequiredService<TimeProvider>()));
        }
    }

    private static void AddLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (SystemdHelpers.IsSystemdService())
        {
            // The journal has the time, and takes the level from the line.
            builder.Logging.AddSystemdConsole();
        }
        else
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
            });
        }

        builder.Logging.AddFilter(null, LogLevel.Warning);
        builder.Logging.AddFilter("EbpfPersonas", LogLevel.Information);
        builder.Logging.AddFilter("Grpc", LogLevel.Error);
        builder.Logging.AddFilter(CallFaults.LibraryCategory, LogLevel.Critical);
        // What an unknown caller sends is no error of ours; the audit says that it was refused.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.None);
    }
}

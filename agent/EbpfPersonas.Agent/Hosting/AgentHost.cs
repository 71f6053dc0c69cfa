using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Metrics;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Puts the agent together. Services start in the order in which they stand here, and stop in the opposite one.
/// </summary>
internal static class AgentHost
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1.5);

    /// <summary>The whole agent, not started: nothing is loaded or attached yet.</summary>
    public static IHost Build(AgentSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSystemd();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopPatience);
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System);
        AddLogging(builder.Logging);
        AddState(builder.Services, settings);
        AddDataplane(builder.Services, settings);
        AddActivity(builder.Services);
        AddIdentity(builder.Services, settings);
        AddLink(builder.Services);
        AddBreakGlass(builder.Services);
        AddMetrics(builder.Services);
        builder.Services.AddHostedService<HeapTrim>();
        AddWatchdog(builder.Services);
        return builder.Build();
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        // What the host says of itself at Information is nothing that the agent does not say better.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (SystemdHelpers.IsSystemdService())
        {
            logging.AddSystemdConsole();
        }
        else
        {
            logging.AddSimpleConsole(options =>
                (options.SingleLine, options.TimestampFormat) = (true, "HH:mm:ss.fff "));
        }
    }

    private static void AddState(IServiceCollection services, AgentSettings settings)
    {
        services.AddSingleton(_ => new StateStore(settings.StateDirectory, settings.VmId));
        services.AddSingleton(_ => Baseline.Read(settings.Baseline));
        services.AddSingleton(provider => new StartState(
            provider.GetRequiredService<StateStore>().Load(),
            provider.GetRequiredService<Baseline>(),
            AgentGreeting.BootId));
        services.AddSingleton<StateFallbacks>();
        services.AddSingleton<AgentConditions>();
        services.AddSingleton(_ => new Hold(settings.StateDirectory));
        services.AddSingleton(provider => new Confirmations(
            settings.StateDirectory,
            settings.VmId,
            AgentGreeting.BootId,
            () => BootClock.Now,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Confirmations>>()));
        services.AddSingleton<PersonaRestore>();
        services.AddSingleton<StartSequence>();
    }

    private static void AddDataplane(IServiceCollection services, AgentSettings settings)
    {
        services.AddSingleton(provider => PersonaDataplane.Load(new DataplaneOptions
        {
            Attach = settings.Attach,
            PinDirectory = settings.PinDirectory,
            Known = provider.GetRequiredService<StartState>().Known,
            Conntrack = settings.Conntrack,
            LineCapacity = settings.PolicyMemoryMib * DataplaneOptions.LinesPerMib,
            RuleCapacity = settings.RuleCapacity,
        }));
        services.AddSingleton(provider => provider.GetRequiredService<PersonaDataplane>().Stages);
        services.AddSingleton<ConditionWatch>();
        services.AddSingleton(provider => new StagedActivation(
            provider.GetRequiredService<PersonaDataplane>(),
            provider.GetRequiredService<ConditionWatch>(),
            () => new Moment(BootClock.Now, provider.GetRequiredService<TimeProvider>().GetUtcNow()),
            new LivesFile(
                settings.StateDirectory, settings.VmId, AgentGreeting.BootId,
                provider.GetRequiredService<ILogger<LivesFile>>())));
        services.AddSingleton<IDataplane>(provider => provider.GetRequiredService<StagedActivation>());
        services.AddSingleton(provider => new SocketHooks(
            provider.GetRequiredService<PersonaDataplane>().Filter,
            NetworkNamespace.ReadCookie(),
            provider.GetRequiredService<PersonaDataplane>().LinkDirectory));
        services.AddHostedService<DataplaneService>();
    }

    private static void AddActivity(IServiceCollection services)
    {
        services.AddSingleton(_ => new UserNames());
        services.AddSingleton(provider => new ProcFiles(provider.GetRequiredService<UserNames>()));
        services.AddSingleton(provider => ProcessTracer.Open(
            BpfImages.Read("process.bpf.o"),
            NetworkNamespace.ReadCookie(),
            filter: provider.GetRequiredService<PersonaDataplane>().Filter));
        services.AddSingleton(provider =>
        {
            var feed = new ActivityFeed(
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<UserNames>(),
                provider.GetRequiredService<ProcFiles>().Read,
                provider.GetRequiredService<ProcessTracer>().Capacity);
            feed.Awaited += provider.GetRequiredService<StagedActivation>().Await;
            return feed;
        });
        services.AddSingleton(provider => new ProcessPump(
            provider.GetRequiredService<ProcessTracer>(),
            provider.GetRequiredService<KernelStages>(),
            provider.GetRequiredService<ActivityFeed>(),
            provider.GetRequiredService<StagedActivation>().Look,
            provider.GetRequiredService<StagedActivation>().IsAwaited,
            provider.GetRequiredService<ProcFiles>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ProcessPump>>()));
        services.AddHostedService(provider => provider.GetRequiredService<ProcessPump>());
    }

    private static void AddIdentity(IServiceCollection services, AgentSettings settings)
    {
        services.AddSingleton(_ => new CredentialsFile(settings.StateDirectory, settings.VmId));
        services.AddSingleton<VmIdentity>();
        services.AddSingleton(_ => new TokenFile(settings.EnrolmentTokenFile));
        services.AddSingleton(_ => new PendingKey(settings.StateDirectory));
        services.AddSingleton<IdentityConditions>();
        services.AddSingleton<Enrolment>();
    }

    private static void AddLink(IServiceCollection services)
    {
        services.AddSingleton(provider => new AgentGreeting(
            provider.GetRequiredService<AgentSettings>(),
            () => provider.GetRequiredService<PersonaDataplane>().Mode,
            () => provider.GetRequiredService<SocketHooks>().Attached));
        services.AddSingleton<ControllerLocator>();
        services.AddSingleton(provider => new DesiredStateApplier(
            provider.GetRequiredService<IDataplane>(),
            provider.GetRequiredService<StateStore>(),
            provider.GetRequiredService<Confirmations>(),
            provider.GetRequiredService<AgentSettings>().VmId,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DesiredStateApplier>>(),
            provider.GetRequiredService<Baseline>().Persona));
        services.AddSingleton(provider => new ControllerContact(
            provider.GetRequiredService<AgentSettings>().StateDirectory,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
        {
            var reports = new SwitchReports(
                provider.GetRequiredService<ActivityFeed>(), provider.GetRequiredService<ILogger<SwitchReports>>());
            provider.GetRequiredService<StagedActivation>().Switched += reports.Take;
            return reports;
        });
        services.AddSingleton<ControllerProbe>();
        services.AddHostedService(provider =>
        {
            var confirmations = provider.GetRequiredService<Confirmations>();
            var dataplane = provider.GetRequiredService<IDataplane>();
            provider.GetRequiredService<StagedActivation>().Switched += _ => confirmations.Look(dataplane.Realised);
            return new ConfirmationService(
                confirmations,
                dataplane,
                provider.GetRequiredService<DesiredStateApplier>(),
                provider.GetRequiredService<SwitchReports>(),
                provider.GetRequiredService<ControllerProbe>().AskAsync,
                provider.GetRequiredService<ControllerLink>().Reconnect,
                () => BootClock.Now,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ConfirmationService>>());
        });
        services.AddSingleton<ControllerLink>();
        services.AddHostedService(provider => provider.GetRequiredService<ControllerLink>());
        services.AddHostedService(provider => new CertificateRenewal(
            provider.GetRequiredService<AgentSettings>(),
            provider.GetRequiredService<ControllerLocator>(),
            provider.GetRequiredService<VmIdentity>(),
            provider.GetRequiredService<IdentityConditions>(),
            provider.GetRequiredService<ControllerLink>().Reconnect,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CertificateRenewal>>()));
    }

    private static void AddBreakGlass(IServiceCollection services)
    {
        services.AddSingleton(provider => new AuditTrail(
            provider.GetRequiredService<AgentSettings>().StateDirectory,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RunningReport>();
        services.AddSingleton(provider => new BreakGlassActions(
            provider.GetRequiredService<IDataplane>(),
            provider.GetRequiredService<DesiredStateApplier>(),
            provider.GetRequiredService<Baseline>(),
            provider.GetRequiredService<Hold>(),
            provider.GetRequiredService<AuditTrail>(),
            provider.GetRequiredService<AgentConditions>(),
            provider.GetRequiredService<RunningReport>().Read,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BreakGlassActions>>()));
        services.AddHostedService<ControlEndpoint>();
    }

    private static void AddMetrics(IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var dataplane = provider.GetRequiredService<PersonaDataplane>();
            var link = provider.GetRequiredService<ControllerLink>();
            var tracer = provider.GetRequiredService<ProcessTracer>();
            var feed = provider.GetRequiredService<ActivityFeed>();
            var hooks = provider.GetRequiredService<SocketHooks>();
            var hold = provider.GetRequiredService<Hold>();
            var contact = provider.GetRequiredService<ControllerContact>();
            var identity = provider.GetRequiredService<VmIdentity>();
            var readings = new AgentReadings
            {
                Counters = dataplane.ReadCounters,
                // Without filters nothing is active.
                Realised = () => hold.Kind == HoldKind.Detached
                    ? dataplane.Realised with { Persona = null }
                    : dataplane.Realised,
                EarlyDenials = () => hooks.ReadDenials().Select(denied => (denied.Hook.Word(), denied.Count)),
                EventsLost = () => [("process", tracer.ReadLost()), ("process_table", feed.Refused)],
                Connected = () => link.Connected,
                Contact = () => contact.Last,
                CertificateExpiry = () => identity.Current?.NotAfter,
                Interfaces = () => dataplane.Interfaces.Totals,
                Rollbacks = () => provider.GetRequiredService<Confirmations>().Counts,
                Fallbacks = provider.GetRequiredService<StateFallbacks>().Read,
            };
            var metrics = new AgentMetrics(
                readings,
                provider.GetRequiredService<TimeProvider>());
            provider.GetRequiredService<DesiredStateApplier>().Switched += took => metrics.Switched("controller", took);
            feed.Reported += metrics.Reported;
            return metrics;
        });
        services.AddHostedService<MetricsEndpoint>();
    }
    /// <summary>Where systemd asks for it.</summary>
    private static void AddWatchdog(IServiceCollection services)
    {
        if (SystemdHelpers.IsSystemdService()
            && Watchdog.PatienceOf(Environment.ProcessId, Environment.GetEnvironmentVariable) is { } patience)
        {
            services.AddHostedService(provider =>
            {
                var pump = provider.GetRequiredService<ProcessPump>();
                var dataplane = provider.GetRequiredService<IDataplane>();
                return new Watchdog(
                    provider.GetRequiredService<ISystemdNotifier>(),
                    patience,
                    () =>
                    {
                        // Whoever holds the datapath for ever keeps this from answering.
                        _ = dataplane.Realised;
                        return pump.SinceTurn < patience / 2;
                    },
                    provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<Watchdog>>());
            });
        }
    }
}

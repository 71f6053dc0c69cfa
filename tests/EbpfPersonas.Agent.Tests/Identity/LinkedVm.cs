using System.Net;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.TestKit.Deployment;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfPersonas.Agent.Tests.Identity;

/// <summary>
/// The side of an agent that faces its controller, link and renewal, on a state directory that outlives it.
/// </summary>
internal sealed class LinkedVm(Uri controller, TimeProvider? clock = null, bool looksForToken = true) : IAsyncDisposable
{
    public const string VmId = StateFolder.VmId;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly StateFolder _folder = new();
    private readonly FakeDataplane _dataplane = new();
    private readonly string _tokens = Directory.CreateTempSubdirectory("ebpf-personas-token-").FullName;
    private ControllerLink? _link;
    private CertificateRenewal? _renewal;

    public string State => _folder.Path;

    /// <summary>The file with the credentials.</summary>
    public string File => Path.Join(State, "identity");

    /// <summary>The file with the key of an enrolment that is under way.</summary>
    public string PendingFile => Path.Join(State, "identity.pending");

    public string TokenFile => Path.Join(_tokens, "token");

    public FakeLog Log { get; } = new();

    public AgentConditions Conditions { get; private set; } = new();

    public VmIdentity Identity { get; private set; } = null!;

    /// <summary>The persona that the datapath runs.</summary>
    public string? InForce => _dataplane.Realised.Persona;

    public bool IsConnected => _link!.Connected;

    public X509Certificate2 Certificate => Identity.Current!.Certificate;

    public string? Condition(string type) => Conditions.Current.GetValueOrDefault(type);

    /// <summary>As an operator does, with an end of line behind it.</summary>
    public void PutToken(string token) => System.IO.File.WriteAllText(TokenFile, $"{token}\n");

    public async Task StartAsync()
    {
        var time = clock ?? TimeProvider.System;
        var settings = new AgentSettings
        {
            InKernelActivation = true,
            Controller = controller,
            VmId = VmId,
            StateDirectory = State,
            MetricsListen = new IPEndPoint(IPAddress.Loopback, 9435),
            Attach = AttachMode.Auto,
            Cgroup = "none",
            PolicyMemoryMib = 16,
            RuleCapacity = 65536,
            EnrolmentTokenFile = looksForToken ? TokenFile : null,
            Failsafe = [],
        };
        Conditions = new AgentConditions();
        Identity = new VmIdentity(new CredentialsFile(State, VmId), time, Log.For<VmIdentity>());
        var conditions = new IdentityConditions(Conditions, Log.For<IdentityConditions>());
        var locator = new ControllerLocator(settings, _dataplane, Log.For<ControllerLocator>());
        var feed = new ActivityFeed(TimeProvider.System, new UserNames(), _ => null, 100);
        var confirmations = _folder.Confirmations();
        _link = new ControllerLink(
            settings, locator, Identity,
            new Enrolment(
                settings, Identity, new TokenFile(settings.EnrolmentTokenFile), new PendingKey(State), conditions, time,
                Log.For<Enrolment>()),
            new AgentGreeting(settings, () => AttachMode.Tcx, () => true), feed,
            _folder.Applier(_dataplane, confirmations), Conditions, new AuditTrail(State, time),
            new SwitchReports(feed, NullLogger<SwitchReports>.Instance), confirmations,
            new ControllerContact(State, time), time, Log.For<ControllerLink>());
        _renewal = new CertificateRenewal(
            settings, locator, Identity, conditions, _link.Reconnect, time, Log.For<CertificateRenewal>());
        await _link.StartAsync(CancellationToken.None);
        await _renewal.StartAsync(CancellationToken.None);
    }

    public Task<TimeSpan> WaitAsync(Func<bool> condition, string expectation) => Eventually.TrueAsync(
        () => Task.FromResult(condition()), Patience,
        () => $"{expectation}; the agent said:\n{string.Join('\n', Log.Lines)}");

    public async Task StopAsync()
    {
        if (_link is not null)
        {
            await _renewal!.StopAsync(CancellationToken.None);
            _renewal.Dispose();
            await _link.StopAsync(CancellationToken.None);
            _link.Dispose();
            _link = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
        Directory.Delete(_tokens, recursive: true);
    }
}

using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// The first service to start: opens the failsafe, puts the last persona in force, hangs the filters on the interfaces,
/// begins to trace. When it has started the VM is governed, and systemd may be told so.
/// </summary>
internal sealed class DataplaneService(
    AgentSettings settings,
    PersonaDataplane dataplane,
    SocketHooks hooks,
    ProcessTracer tracer,
    StartSequence sequence,
    ILogger<DataplaneService> log) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Follow(dataplane.Interfaces);
        dataplane.FiltersAttached += AttachHooks;
        dataplane.InterfacesRenewed += interfaces =>
        {
            // The filters are off: a program that is told "no" would be told so by nobody else.
            hooks.Detach();
            Follow(interfaces);
        };
        dataplane.LayoutChanged += change =>
            Log.LayoutChanged(log, change.From, change.To, change.Flows, change.FlowsMissing ?? "all that there were");
        dataplane.Addresses.Failed += failure => Log.AddressesUnknown(log, failure.Message);
        if (sequence.Run() is { } mode)
        {
            Log.Attached(log, AgentGreeting.Version, settings.VmId, NetworkNamespace.ReadCookie(), mode);
        }

        tracer.Attach(dataplane.LinkDirectory);
        return Task.CompletedTask;
    }

    private void Follow(InterfaceFilters interfaces)
    {
        interfaces.AttachFailed += (index, failure) => Log.InterfaceUnfiltered(log, index, failure.Message);
        interfaces.Attached += Tell;
        interfaces.Repaired += (known, fault) =>
            Log.FilterRepaired(log, known.Name, known.Index, fault, known.Repairs);
    }

    /// <summary>Where that cannot be, connections that are not allowed time out, and the status says so.</summary>
    private void AttachHooks()
    {
        if (settings.Cgroup == "none")
        {
            hooks.Detach();
            return;
        }

        try
        {
            var cgroup = settings.Cgroup != "auto"
                ? settings.Cgroup
                : CgroupFolder.FindRoot(File.ReadLines("/proc/self/mounts"))
                    ?? throw new IOException("No cgroup v2 hierarchy is mounted.");
            hooks.Attach(cgroup);
            Log.EarlyVerdicts(log, cgroup);
        }
        catch (Exception e) when (e is BpfException or IOException or UnauthorizedAccessException)
        {
            Log.NoEarlyVerdicts(log, e.Message);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Tell(FilteredInterface known)
    {
        if (!known.Existed && known.PacketsBefore != default)
        {
            Log.PacketsPassedUnfiltered(
                log, known.Name, known.Index, known.PacketsBefore.Received, known.PacketsBefore.Sent);
        }
        else
        {
            Log.InterfaceFiltered(
                log,
                known.Name,
                known.Index,
                known.Mode,
                known.PacketsBefore.Received,
                known.PacketsBefore.Sent);
        }
    }
}

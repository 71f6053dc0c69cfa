using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
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
    ProcessTracer tracer,
    StartSequence sequence,
    ILogger<DataplaneService> log) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        dataplane.AttachFailed += (index, failure) => Log.InterfaceUnfiltered(log, index, failure.Message);
        if (sequence.Run() is { } mode)
        {
            Log.Attached(log, AgentIdentity.Version, settings.VmId, NetworkNamespace.ReadCookie(), mode);
        }

        tracer.Attach();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

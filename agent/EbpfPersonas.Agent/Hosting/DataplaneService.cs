using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// The first service to start: opens the failsafe, hangs the filters on the interfaces, begins to trace. When it has
/// started the VM is governed, and systemd may be told so.
/// </summary>
internal sealed class DataplaneService(
    AgentSettings settings,
    PersonaDataplane dataplane,
    ProcessTracer tracer,
    ControllerLocator locator,
    ILogger<DataplaneService> log) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await locator.LocateAsync(cancellationToken);
        dataplane.AttachFailed += (index, failure) => Log.InterfaceUnfiltered(log, index, failure.Message);
        dataplane.LayoutChanged += change =>
            Log.LayoutChanged(log, change.From, change.To, change.Flows, change.FlowsMissing ?? "all that there were");
        if (dataplane is { Adopted: true, Realised: { } before })
        {
            Log.Adopted(log, before.Persona ?? "(none)", before.Revision, before.Generation, before.Epoch);
        }

        var mode = dataplane.Attach();
        tracer.Attach();
        Log.Attached(log, AgentIdentity.Version, settings.VmId, NetworkNamespace.ReadCookie(), mode);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Settings;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Finds the controller's addresses, and keeps the failsafe open for exactly these. A name is asked for before every
/// attempt to connect; while DNS does not answer, the addresses on disk are used, or those found last where the disk
/// has none. Safe for several threads.
/// </summary>
internal sealed class ControllerLocator(AgentSettings settings, IDataplane dataplane, ILogger<ControllerLocator> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly AddressCache _cache = new(settings.StateDirectory);
    private IReadOnlyList<FailsafeFlow> _failsafe = [];
    private IReadOnlyList<IPAddress> _last = [];
    private bool _set;

    /// <summary>
    /// Opens the failsafe for what is known without asking anybody: a start must wait for neither DNS nor controller.
    /// </summary>
    public void OpenForKnown()
    {
        if (ControllerAddress.LiteralOf(settings.Controller) is { } literal)
        {
            OpenFailsafe([literal], []);
        }
        else
        {
            OpenFailsafe(_cache.Load(settings.Controller.Host), Resolvers.Read());
        }
    }

    /// <summary>The addresses to try, in order; maybe none. The failsafe lets them through when this returns.</summary>
    public async Task<IReadOnlyList<IPAddress>> LocateAsync(CancellationToken cancellation)
    {
        if (ControllerAddress.LiteralOf(settings.Controller) is { } literal)
        {
            OpenFailsafe([literal], []);
            return [literal];
        }

        // DNS must pass before it is asked.
        var known = _cache.Load(settings.Controller.Host) is { Count: > 0 } kept ? kept : _last;
        OpenFailsafe(known, Resolvers.Read());
        var found = await ResolveAsync(cancellation);
        if (found.Count == 0)
        {
            return known;
        }

        _last = found;
        if (!found.SequenceEqual(known))
        {
            OpenFailsafe(found, Resolvers.Read());
            Keep(found);
        }

        return found;
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            var found = await Dns.GetHostAddressesAsync(settings.Controller.Host, patience.Token);
            return [.. found
                .OrderBy(address => address.ToString(), StringComparer.Ordinal)
                .Take(ControllerFailsafe.AddressesMax)];
        }
        catch (SocketException failure)
        {
            Log.NameUnknown(log, settings.Controller.Host, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Log.NameUnknown(log, settings.Controller.Host, "no answer in time");
        }

        return [];
    }

    private void OpenFailsafe(IReadOnlyList<IPAddress> addresses, IReadOnlyList<IPAddress> resolvers)
    {
        FailsafeFlow[] flows =
            [.. ControllerFailsafe.Flows(addresses, settings.Controller.Port, resolvers), .. settings.Failsafe];
        lock (_gate)
        {
            if (!_set || !flows.SequenceEqual(_failsafe))
            {
                dataplane.SetFailsafe(flows);
                (_failsafe, _set) = (flows, true);
            }
        }
    }

    private void Keep(IReadOnlyList<IPAddress> addresses)
    {
        try
        {
            lock (_gate)
            {
                _cache.Save(settings.Controller.Host, addresses);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.AddressesNotKept(log, settings.StateDirectory, failure.Message);
        }
    }
}

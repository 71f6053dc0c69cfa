using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Addresses;

/// <summary>
/// Tells the filter which addresses this network namespace has, so that nobody else uses them, in here or out there.
/// Follows every change until it is disposed of; what it knew then stays in the filter.
/// </summary>
public sealed class LocalAddresses : IDisposable
{
    private const int LoopbackNet = 127;

    private static readonly TimeSpan ReopenPause = TimeSpan.FromSeconds(1);

    private readonly BpfMap _addresses;
    private readonly BpfMap _known;
    private readonly HashSet<(int InterfaceIndex, IpAddress Address)> _present = [];
    private readonly HashSet<(int InterfaceIndex, IpAddress Address)> _named = [];
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RouteWatch _watch = Open();
    private Thread? _watcher;
    private bool _incomplete;

    /// <summary>Takes the maps of <paramref name="filter"/>, which is borrowed.</summary>
    public LocalAddresses(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        (_addresses, _known) = (filter.Map("local_addresses"), filter.Map("local_addresses_known"));
    }

    /// <summary>
    /// Raised on the watching thread when addresses could not be followed or written; it is tried again every second.
    /// </summary>
    public event Action<BpfException>? Failed;

    /// <summary>
    /// Writes the addresses there are, then watches for changes; once, however often it is called. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public void Start()
    {
        if (_watcher is null)
        {
            _watcher = new Thread(Watch) { IsBackground = true, Name = "addresses" };
            _watcher.Start();
        }

        _listed.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Set();
        lock (_stopping)
        {
            _watch.Stop();
        }

        _watcher?.Join();
        _watch.Dispose();
        _stopping.Dispose();
    }

    private static RouteWatch Open() => new(AddressMessage.Groups, AddressMessage.Get, AddressMessage.Length);

    private void Watch()
    {
        while (true)
        {
            try
            {
                _watch.Run(OnMessage, OnListed);
                return;
            }
            catch (BpfException e) when (!_listed.Task.IsCompleted)
            {
                _listed.SetException(e);
                return;
            }
            catch (BpfException e)
            {
                Failed?.Invoke(e);
                if (_stopping.Wait(ReopenPause))
                {
                    return;
                }

                Reopen();
            }
        }
    }

    /// <summary>A new socket has nothing half-read; it lists everything again.</summary>
    private void Reopen()
    {
        lock (_stopping)
        {
            _watch.Dispose();
            _watch = Open();
            if (_stopping.IsSet)
            {
                _watch.Stop();
            }
        }

        _named.Clear();
    }

    /// <summary>False: it did not work, and is to be tried again.</summary>
    private bool OnMessage(ushort type, ReadOnlySpan<byte> body)
    {
        if (AddressMessage.Read(type, body) is not { } change || IsLoopback(change.Address))
        {
            return true;
        }

        try
        {
            var key = (change.InterfaceIndex, change.Address);
            if (change.Present)
            {
                _named.Add(key);
                _addresses.Update(LocalAddress.From(change.Address), 1u);
                _present.Add(key);
            }
            else
            {
                _named.Remove(key);
                Remove(key);
            }

            return true;
        }
        catch (BpfException e)
        {
            // Without this address the others are no measure for what the VM sends.
            _known.Update(0u, 0u);
            if (!_incomplete)
            {
                Failed?.Invoke(e);
            }

            _incomplete = true;
            return false;
        }
    }

    /// <summary>Everything was named: what was not is gone, also of what an agent before this one left.</summary>
    private void OnListed()
    {
        foreach (var key in _present.Where(key => !_named.Contains(key)).ToList())
        {
            Remove(key);
        }

        _named.Clear();
        var addresses = _present.Select(key => key.Address).ToHashSet();
        foreach (var left in _addresses.Keys<LocalAddress>().ToList())
        {
            if (!addresses.Contains(left.ToAddress()))
            {
                _addresses.Delete(left);
            }
        }

        _known.Update(0u, _incomplete ? 0u : 1u);
        _incomplete = false;
        _listed.TrySetResult();
    }

    /// <summary>Another interface may have the same address, as link-local ones of VLANs do.</summary>
    private void Remove((int InterfaceIndex, IpAddress Address) key)
    {
        if (_present.Remove(key) && !_present.Any(other => other.Address == key.Address))
        {
            _addresses.Delete(LocalAddress.From(key.Address));
        }
    }

    /// <summary>It never leaves the host.</summary>
    private static bool IsLoopback(IpAddress address) =>
        address.IsV6 ? address.Bits == 1 : (int)(address.Bits >> 24) == LoopbackNet;
}

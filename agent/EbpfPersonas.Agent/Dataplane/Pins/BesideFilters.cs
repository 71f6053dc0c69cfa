using System.Globalization;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// Programs of ours that hang behind those of another agent version while ours take their place. One interface and
/// direction after the other changes over; a flow that one sees begin, another one would not know, were there not some
/// that see all of them. They outlive the agent until the links are ours.
/// </summary>
internal static class BesideFilters
{
    private const string Prefix = "beside-";
    private const int NoDevice = 19; // ENODEV
    private const int Invalid = 22; // EINVAL

    // The clsact filters of each layout have a handle of their own, behind the filters proper.
    private const uint HandleBase = 0x4000_0000;
    private const uint HandleMask = 0x0fff_ffff;
    private const uint Priority = InterfaceFilters.ClsactPriority + 1;

    /// <summary>
    /// Loads programs for the maps in <paramref name="maps"/> and hangs them on all interfaces but loopback; throws
    /// <see cref="BpfException"/>, and then none is left.
    /// </summary>
    public static void Attach(DataplaneOptions options, string maps, string directory, string layout)
    {
        using var filter = BpfImages.OpenFilter(options);
        foreach (var map in MapLayout.Maps(filter))
        {
            using var pinned = PinnedMap.Open(Path.Join(maps, map.Name));
            map.Reuse(pinned);
        }

        filter.Load();
        var folder = Path.Join(directory, Prefix + layout);
        Remove(folder);
        Directory.CreateDirectory(folder);
        try
        {
            foreach (var index in Interfaces())
            {
                AttachTo(filter, options.Attach, index, folder);
            }
        }
        catch
        {
            Remove(folder);
            throw;
        }
    }

    /// <summary>Takes off what hangs beside, whichever agent did it.</summary>
    public static void RemoveAll(string directory)
    {
        foreach (var folder in Directory.GetDirectories(directory, Prefix + "*"))
        {
            Remove(folder);
        }
    }

    private static void AttachTo(BpfObject filter, AttachMode mode, int index, string folder)
    {
        foreach (var ingress in new[] { true, false })
        {
            var program = filter.Program(ingress ? "filter_ingress" : "filter_egress");
            try
            {
                if (mode == AttachMode.Clsact || !TryAttachTcx(program, index, ingress, folder))
                {
                    TcFilter.Attach(program, index, ingress, HandleOf(folder), Priority);
                }
            }
            catch (BpfException e) when (e.Errno == NoDevice)
            {
                // Gone meanwhile.
            }
        }
    }

    /// <summary>False before Linux 6.6.</summary>
    private static bool TryAttachTcx(BpfProgram program, int index, bool ingress, string folder)
    {
        try
        {
            using var link = program.AttachTcx(index, ingress, last: true);
            link.Pin(Path.Join(
                folder, string.Create(CultureInfo.InvariantCulture, $"{index}_{(ingress ? "ingress" : "egress")}")));
            return true;
        }
        catch (BpfException e) when (e.Errno == Invalid)
        {
            return false;
        }
    }

    private static void Remove(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var index in Interfaces())
        {
            TcFilter.Detach(index, ingress: true, HandleOf(folder), Priority);
            TcFilter.Detach(index, ingress: false, HandleOf(folder), Priority);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>From the fingerprint of the layout, with which the folder's name ends.</summary>
    private static uint HandleOf(string folder) =>
        HandleBase | (HandleMask & uint.Parse(folder[^7..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static List<int> Interfaces()
    {
        var interfaces = new List<int>();
        using var links = new LinkWatch();
        links.Run(
            change =>
            {
                if (change is { Present: true, IsLoopback: false })
                {
                    interfaces.Add(change.InterfaceIndex);
                }

                return true;
            },
            links.Stop,
            () => { });
        return interfaces;
    }
}

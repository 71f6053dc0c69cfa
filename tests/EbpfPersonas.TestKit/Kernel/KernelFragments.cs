using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>What a filter in the kernel knows of datagrams in parts: its map "fragments".</summary>
public static class KernelFragments
{
    /// <summary>Datagrams of which the first part is remembered.</summary>
    public static int Count(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return filter.Map("fragments").Keys<Key>().Count();
    }

    /// <summary>Forgets them.</summary>
    public static void Clear(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var map = filter.Map("fragments");
        foreach (var key in map.Keys<Key>().ToList())
        {
            map.Delete(key);
        }
    }

    /// <summary>From now on all first parts passed that much earlier.</summary>
    public static void Age(BpfObject filter, TimeSpan by)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var map = filter.Map("fragments");
        foreach (var key in map.Keys<Key>().ToList())
        {
            if (map.TryLookup(key, out First first))
            {
                first.Seen -= (ulong)by.TotalNanoseconds;
                map.Update(key, first);
            }
        }
    }

    /// <summary>struct fragment_key of bpf/lib/fragments.h, of which nothing is read.</summary>
    [InlineArray(10)]
    private struct Key
    {
        private uint _first;
    }

    /// <summary>struct first_fragment of bpf/lib/fragments.h, of which only the time is read.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct First
    {
        public ulong Seen;
        public ulong Ports;
        public ulong Kind;
    }
}

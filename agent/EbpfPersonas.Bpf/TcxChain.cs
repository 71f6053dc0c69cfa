using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>
/// The programs that an interface of the calling thread's network namespace runs by tcx, first to last.
/// </summary>
public static unsafe class TcxChain
{
    private const int EntriesMax = 64; // BPF_MPROG_MAX
    private const int Invalid = 22; // EINVAL
    private const int Loopback = 1;
    private const int NoEntry = 2; // ENOENT

    /// <summary>Whether the kernel has tcx (Linux 6.6).</summary>
    public static bool IsSupported()
    {
        try
        {
            Read(Loopback, ingress: true);
            return true;
        }
        catch (BpfException e)
        {
            return e.Errno != Invalid;
        }
    }

    /// <summary>
    /// The whole chain of one direction; throws <see cref="BpfException"/>, ENODEV where there is no such interface.
    /// </summary>
    public static IReadOnlyList<TcxEntry> Read(int interfaceIndex, bool ingress)
    {
        // The number of bpf(2): 280 in the table that all newer architectures share.
        var number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280;
        var programs = stackalloc uint[EntriesMax];
        var links = stackalloc uint[EntriesMax];
        var query = new LinkFunctions.bpf_attr_query
        {
            target_ifindex = interfaceIndex,
            attach_type = ingress ? SyscallFunctions.BPF_TCX_INGRESS : SyscallFunctions.BPF_TCX_EGRESS,
            prog_ids = programs,
            count = EntriesMax,
            link_ids = links,
        };
        var size = sizeof(LinkFunctions.bpf_attr_query);
        if (LinkFunctions.syscall(number, LinkFunctions.BPF_PROG_QUERY, &query, size) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();

            // Linux says so where nothing was ever attached.
            return errno == NoEntry ? [] : throw new BpfException($"list tcx programs of {interfaceIndex}", errno);
        }

        var entries = new TcxEntry[query.count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new TcxEntry(programs[i], links[i]);
        }

        return entries;
    }
}

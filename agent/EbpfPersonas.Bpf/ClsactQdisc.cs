using System.Buffers.Binary;
using System.Text;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>The clsact qdisc of an interface of the calling thread's network namespace, and what hangs there.</summary>
public static unsafe class ClsactQdisc
{
    private const int MessageLength = 20; // struct tcmsg
    private const int Invalid = 22; // EINVAL
    private const int NoDevice = 19; // ENODEV
    private const int NoEntry = 2; // ENOENT

    // include/uapi/linux/rtnetlink.h, pkt_sched.h, pkt_cls.h
    private const ushort MessageNewFilter = 44;
    private const ushort MessageGetFilter = 46;
    private const uint ParentIngress = 0xFFFFFFF2;
    private const uint ParentEgress = 0xFFFFFFF3;
    private const ushort AttributeKind = 1;
    private const ushort AttributeOptions = 2;
    private const ushort AttributeBpfId = 11;
    private const ushort AttributeTypeMask = 0x3fff;

    /// <summary>
    /// The filters of one direction in the order in which packets meet them; none where there is no qdisc or no
    /// interface. Throws <see cref="BpfException"/>.
    /// </summary>
    public static IReadOnlyList<TcFilterEntry> List(RouteSocket socket, int interfaceIndex, bool ingress)
    {
        ArgumentNullException.ThrowIfNull(socket);

        // struct tcmsg { family, pad, ifindex, handle, parent, info }
        Span<byte> request = stackalloc byte[MessageLength];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], interfaceIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(request[12..], ingress ? ParentIngress : ParentEgress);
        var entries = new List<TcFilterEntry>();
        socket.Ask(MessageGetFilter, dump: true, request, (type, body) =>
        {
            if (type == MessageNewFilter && body.Length >= MessageLength)
            {
                var entry = Parse(body);

                // Each priority is also listed itself, without a handle.
                if (entry.Handle != 0)
                {
                    entries.Add(entry);
                }
            }
        });
        return entries;
    }

    /// <summary>
    /// Removes the qdisc with all that hangs there; none is no error. Throws <see cref="BpfException"/>.
    /// </summary>
    public static void Remove(int interfaceIndex)
    {
        var (result, log) = LibbpfLog.Collect(() =>
        {
            var hook = new TrafficControlFunctions.bpf_tc_hook
            {
                sz = (nuint)sizeof(TrafficControlFunctions.bpf_tc_hook),
                ifindex = interfaceIndex,
                attach_point = TrafficControlFunctions.BPF_TC_INGRESS | TrafficControlFunctions.BPF_TC_EGRESS,
            };
            return TrafficControlFunctions.bpf_tc_hook_destroy(&hook);
        });
        if (result is not (-NoDevice or -NoEntry or -Invalid))
        {
            BpfException.Check(result, "remove clsact", log);
        }
    }

    private static TcFilterEntry Parse(ReadOnlySpan<byte> body)
    {
        var handle = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        var priority = BinaryPrimitives.ReadUInt32LittleEndian(body[16..]) >> 16;
        var kind = Find(body[MessageLength..], AttributeKind);
        var program = Find(Find(body[MessageLength..], AttributeOptions), AttributeBpfId);
        return new TcFilterEntry(
            priority,
            handle,
            Encoding.ASCII.GetString(kind.TrimEnd((byte)0)),
            program.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(program) : 0);
    }

    /// <summary>The value of an attribute (struct rtattr { length, type, value }), or nothing.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        while (attributes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & AttributeTypeMask) == wanted)
            {
                return attributes[4..length];
            }

            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }

        return [];
    }
}

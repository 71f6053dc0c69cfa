using System.Runtime.InteropServices;
using EbpfPersonas.Bpf.Native;

namespace EbpfPersonas.Bpf;

/// <summary>The reading end of a BPF ring buffer. Not for several threads at once.</summary>
public sealed unsafe class RingBuffer : SafeHandle
{
    private const int Interrupted = 4; // EINTR

    private readonly RecordReader _reader;
    private GCHandle _self;
    private Exception? _failure;

    /// <summary>
    /// Opens <paramref name="map"/>, of type BPF_MAP_TYPE_RINGBUF; <paramref name="reader"/> gets each record.
    /// </summary>
    public RingBuffer(BpfMap map, RecordReader reader)
        : base(nint.Zero, ownsHandle: true)
    {
        ArgumentNullException.ThrowIfNull(map);
        _reader = reader;
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        SetHandle(RingBufferFunctions.ring_buffer__new(map.Descriptor, &OnRecord, GCHandle.ToIntPtr(_self), null));
        if (IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            _self.Free();
            throw new BpfException($"open ring buffer {map.Name}", errno);
        }
    }

    /// <summary>Takes one record. The bytes are valid only during the call.</summary>
    public delegate void RecordReader(ReadOnlySpan<byte> record);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>
    /// Reads every record there is, without waiting; gives their number. What the reader throws comes out here.
    /// </summary>
    public int Consume() => Read(RingBufferFunctions.ring_buffer__consume);

    /// <summary>
    /// Waits until a program wakes its reader, at most <paramref name="patience"/>, and reads what there is then; gives
    /// the number of records, 0 where nobody was woken.
    /// </summary>
    public int Wait(TimeSpan patience) =>
        Read(ring => RingBufferFunctions.ring_buffer__poll(ring, (int)patience.TotalMilliseconds));

    private int Read(Func<nint, int> read)
    {
        int count;
        var held = false;
        try
        {
            // Held, so that disposing on another thread waits for the end of this call.
            DangerousAddRef(ref held);
            count = read(handle);
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException("The reader of a ring buffer failed.", failure);
        }

        return count == -Interrupted ? 0 : BpfException.Check(count, "read ring buffer");
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        RingBufferFunctions.ring_buffer__free(handle);
        _self.Free();
        return true;
    }

    /// <summary>
    /// A ring_buffer_sample_fn; an exception must not cross into C, so it waits for <see cref="Consume"/>.
    /// </summary>
    [UnmanagedCallersOnly]
    private static int OnRecord(nint context, byte* data, nuint size)
    {
        if (GCHandle.FromIntPtr(context).Target is not RingBuffer ring)
        {
            return -1;
        }

        try
        {
            ring._reader(new ReadOnlySpan<byte>(data, (int)size));
            return 0;
        }
#pragma warning disable CA1031 // Every exception is kept and thrown again outside the native frame.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ring._failure = failure;
            return -1;
        }
    }
}

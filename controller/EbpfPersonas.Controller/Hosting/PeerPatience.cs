namespace EbpfPersonas.Controller.Hosting;

/// <summary>How long the controller waits for those it speaks to. No setting; tests have less.</summary>
internal sealed record PeerPatience
{
    /// <summary>
    /// How long a request's body may take; 1 MiB comes in it at 420 kbit/s. Kestrel ends a body that comes at less than
    /// 240 octets a second; one that is a little faster would go on for ever.
    /// </summary>
    public TimeSpan Body { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long what is written may wait until an agent or a watcher takes it. They read while they do other things,
    /// and a lost packet or a busy machine stay far below that; one that keeps its window closed would hold a stream,
    /// and seem connected, for ever. Kestrel's least rate of 240 octets a second alone would give it minutes, for all
    /// that is in its buffers.
    /// </summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(15);
}

using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The controller's clock for deadlines, in place of the VM's boot time: UTC since 1970 as it was when the controller
/// started, and from then on what passed while its machine was awake, whatever becomes of that machine's clock. What
/// the store keeps is counted by it too, so that a restart keeps every deadline; but a restart begins with UTC anew,
/// which is all there is then, and a clock that was set meanwhile moves them. Milliseconds, as the store keeps them.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private readonly TimeSpan _start = time.GetUtcNow() - DateTimeOffset.UnixEpoch;
    private readonly long _started = time.GetTimestamp();

    public Moment Now
    {
        get
        {
            var steady = _start + time.GetElapsedTime(_started);
            return new Moment(steady - new TimeSpan(steady.Ticks % TimeSpan.TicksPerMillisecond), time.GetUtcNow());
        }
    }
}

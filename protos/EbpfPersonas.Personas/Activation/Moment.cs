namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// A moment on two clocks. <paramref name="SinceBoot"/> never jumps, and everything but schedules and the expiry of a
/// pin is counted by it; <paramref name="Wall"/> is the time of day, which an operator may set.
/// </summary>
public readonly record struct Moment(TimeSpan SinceBoot, DateTimeOffset Wall)
{
    /// <summary>When it will be <paramref name="wall"/> o'clock, in boot time, if nobody sets the clock.</summary>
    public TimeSpan BootTimeOf(DateTimeOffset wall) => SinceBoot + (wall - Wall);

    /// <summary>The time of day at a boot time, by the clock as it is set now.</summary>
    public DateTimeOffset WallTimeOf(TimeSpan sinceBoot) => Wall + (sinceBoot - SinceBoot);
}

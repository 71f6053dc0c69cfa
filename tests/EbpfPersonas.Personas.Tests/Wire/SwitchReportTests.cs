using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Wire;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Tests.Wire;

public sealed class SwitchReportTests
{
    private static readonly PersonaSwitch Made = new(
        7, "web", 3, SwitchCause.TriggerBegan, 42,
        new ProcessImage("/usr/bin/mysql", "/usr/bin/mariadb", 1000, "alice"),
        new DateTimeOffset(2026, 1, 5, 1, 2, 3, 456, TimeSpan.Zero))
    {
        ParentPid = 41,
    };

    public static TheoryData<string, Action<V1.SwitchReport>> Refused => new()
    {
        { "none has none", wire => wire.Persona = "" },
        { "a persona has a revision", wire => wire.Revision = 0 },
        { "switched.persona", wire => wire.Persona = new string('a', 257) },
        { "switched.revision", wire => wire.Revision = ulong.MaxValue },
        { "switched.cause", wire => wire.Cause = V1.SwitchCause.Unspecified },
        { "switched.cause", wire => wire.Cause = (V1.SwitchCause)8 },
        { "switched.process.path", wire => wire.Process.Path = new string('a', 4097) },
        { "switched.process.executable", wire => wire.Process.Executable = new string('a', 4097) },
        { "switched.process.user_name", wire => wire.Process.UserName = new string('a', 257) },
        { "switched.time is absent", wire => wire.Time = null },
        { "switched.time is out of range", wire => wire.Time.Seconds = long.MaxValue },
    };

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        var none = new PersonaSwitch(8, null, 0, SwitchCause.Ttl, null, null, Made.Time);

        Assert.Equal(Made, SwitchReportReader.Read(SwitchReportWriter.Write(Made)));
        Assert.Equal(none, SwitchReportReader.Read(SwitchReportWriter.Write(none)));
        Assert.All(Enum.GetValues<SwitchCause>(), cause => Assert.Equal(
            cause, SwitchReportReader.Read(SwitchReportWriter.Write(Made with { Cause = cause })).Cause));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_out_of_range_is_refused_with_its_field(string message, Action<V1.SwitchReport> spoil)
    {
        var wire = SwitchReportWriter.Write(Made);
        spoil(wire);

        var refused = Assert.Throws<FormatException>(() => SwitchReportReader.Read(wire));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}

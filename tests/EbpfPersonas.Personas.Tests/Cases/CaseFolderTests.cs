using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Cases;

public sealed class CaseFolderTests
{
    [Fact]
    public void Reads_packets_switches_and_comments()
    {
        var steps = CaseFolder.ParseSteps("packets.txt",
        [
            "# a comment", "", "udp local:1 > 10.0.0.1:2 => forwarded allowed_rule no-telnet",
            "  switch", "switch none", "switch other.json", "udp local:1 > 10.0.0.1:2 => dropped persona_switch -",
        ]);
        var first = Assert.IsType<PacketStep>(steps[0]);
        Assert.Equal(new Expectation("forwarded", "allowed_rule", "no-telnet"), first.Expected);
        Assert.Equal(
            [new SwitchStep(4, "persona.json"), new SwitchStep(5, null), new SwitchStep(6, "other.json")],
            steps.ToArray()[1..4]);
        Assert.Equal((7, null), (steps[4].Line, Assert.IsType<PacketStep>(steps[4]).Expected.Rule));
    }

    [Theory]
    [InlineData("udp local:1 > 10.0.0.1:2")]
    [InlineData("udp local:1 > 10.0.0.1:2 => forwarded allowed_rule")]
    [InlineData("udp local:1 > 10.0.0.1:2 => accepted allowed_rule -")]
    [InlineData("udp local:1 > 10.0.0.1:2 => forwarded because -")]
    [InlineData("udp local > 10.0.0.1:2 => forwarded default_allow -")]
    [InlineData("udp local:1 > 10.0.0.1:2 => forwarded allowed_rule no telnet")]
    [InlineData("switch everything")]
    [InlineData("switches")]
    public void Names_file_and_line_of_what_it_cannot_read(string line)
    {
        var wrong = Assert.Throws<FormatException>(() => CaseFolder.ParseSteps("case/packets.txt", ["# first", line]));
        Assert.StartsWith("case/packets.txt:2: ", wrong.Message, StringComparison.Ordinal);
    }
}

using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using Xunit.Abstractions;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// What odd and hostile networks send, through the filter in this kernel: each is dropped with a reason of its own, and
/// passes when it is made right.
/// </summary>
public sealed class OddPacketTests(ITestOutputHelper output)
{
    [Fact]
    public void There_are_many_and_each_has_a_name()
    {
        Assert.True(OddCases.All.Count >= 60, $"only {OddCases.All.Count}");
        Assert.Equal(OddCases.All.Count, OddCases.All.Select(@case => @case.Name).Distinct().Count());
        output.WriteLine($"{OddCases.All.Count} cases, {OddCases.All.Count(@case => @case.Bad.Count > 0)} dropped");
    }

    // Frames that the filter reads itself, and frames that it reads through calls only.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_is_dropped_for_its_reason_and_passes_when_made_right(bool knowsEthernet)
    {
        using var filter = Load("verdict");
        filter.KnowsEthernet(knowsEthernet);
        Assert.Empty(Differences(filter));
    }

    [Theory]
    [InlineData("fragments_believed", "a later part without its first")]
    [InlineData("options_read_as_ports", "a denied port behind IPv4 options")]
    [InlineData("addresses_believed", "from IPv4 loopback")]
    [InlineData("flags_believed", "TCP with SYN and FIN")]
    public void A_filter_that_believes_too_much_is_caught(string program, string name)
    {
        using var filter = Load(program);
        var differences = Differences(filter);
        output.WriteLine(string.Join('\n', differences));
        Assert.Contains(differences, difference => difference.StartsWith(name + ":", StringComparison.Ordinal));
    }

    /// <summary>Nothing is held against addresses that nobody listed.</summary>
    [Fact]
    public void Without_a_list_of_addresses_no_source_is_called_spoofed()
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        filter.Use(OddCases.Persona);
        foreach (var @case in OddCases.All.Where(@case => @case.Reason == Reason.SpoofedSource))
        {
            var said = filter.Judge(@case.Direction, @case.Bad[^1]);
            Assert.True(
                said.Reason is Reason.DefaultAllow or Reason.Failsafe || @case.Name.Contains("station"),
                $"{@case}: {said}");
        }
    }

    private static KernelFilter Load(string program)
    {
        var filter = new KernelFilter(TestObjects.Program(program));
        var addresses = filter.Dataplane.Filter.Map("local_addresses");
        foreach (var address in new[] { "10.0.0.5", "2001:db8::5", "fe80::5" })
        {
            addresses.Update(LocalAddress.From(IpAddress.Parse(address)), 1u);
        }

        filter.Dataplane.Filter.Map("local_addresses_known").Update(0u, 1u);
        return filter;
    }

    private static List<string> Differences(KernelFilter filter)
    {
        List<string> differences = [];
        foreach (var @case in OddCases.All)
        {
            filter.Use(OddCases.Persona);
            Check(filter, @case, @case.Bad, @case.Reason, passes: false, differences);
            filter.Use(OddCases.Persona);
            Check(filter, @case, @case.Good, @case.Passes, passes: true, differences);
        }

        return differences;
    }

    private static void Check(
        KernelFilter filter, OddCase @case, IReadOnlyList<byte[]> frames, Reason reason, bool passes,
        List<string> differences)
    {
        for (var i = 0; i < frames.Count; i++)
        {
            var said = filter.Judge(@case.Direction, frames[i]);
            var last = i == frames.Count - 1;
            var expected = last && !passes ? AbiVerdict.Dropped : AbiVerdict.Forwarded;
            if (said.Verdict != expected || (last && said.Reason != reason))
            {
                differences.Add(
                    $"{@case}: {(passes ? "good" : "bad")} frame {i + 1} of {frames.Count}: " +
                    $"{said.Verdict} {said.Reason}, not {expected} {reason}");
            }
        }
    }
}

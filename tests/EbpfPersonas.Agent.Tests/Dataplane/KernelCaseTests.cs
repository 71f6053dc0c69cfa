using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>Every line of every case through the filter in this kernel: verdict, reason and rule.</summary>
public sealed class KernelCaseTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private readonly KernelFilter _filter = fixture.Filter;

    public static TheoryData<string> Names => [.. CaseDocuments.All.Select(@case => @case.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_line_is_what_the_kernel_says(string name) => AssertEveryLine(name);

    /// <summary>Frames that the filter reads through calls only, as where there is no Ethernet header.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Every_line_is_what_the_kernel_says_on_a_link_of_another_kind(string name)
    {
        _filter.KnowsEthernet(false);
        AssertEveryLine(name);
        _filter.KnowsEthernet(true);
    }

    private void AssertEveryLine(string name)
    {
        var @case = CaseDocuments.Load(name);
        _filter.Use(CaseDocuments.Read(@case, CaseFolder.PersonaFile));
        var differences = CaseRun.Differences(
            @case, file => CaseDocuments.Read(@case, file), _filter.SwitchTo, _filter.Decide).ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void The_same_lines_under_another_persona_are_told_apart()
    {
        _filter.Use(CaseDocuments.Read(CaseDocuments.Load("ipv6"), CaseFolder.PersonaFile));
        Assert.NotEmpty(CaseRun.Differences(CaseDocuments.Load("seed"), _ => null, _filter.SwitchTo, _filter.Decide));
    }
}

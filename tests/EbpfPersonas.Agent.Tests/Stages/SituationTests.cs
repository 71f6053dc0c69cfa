using System.Text;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.TestKit.Situations;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// The situations of tests/situations that are of processes and time, with real processes: what the kernel and the
/// agent put in force is what the activation function says, and where the kernel can judge all triggers, without the
/// agent. Time stands still between the steps, ahead of boot time.
/// </summary>
public sealed class SituationTests(SituationLab lab) : IClassFixture<SituationLab>, IDisposable
{
    private readonly string _users = Path.GetTempFileName();

    public static TheoryData<string> Names =>
        [.. Cases().Where(one => one.IsOfProcesses).Select(one => one.ToString())];

    public void Dispose() => File.Delete(_users);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_kernel_says_what_the_function_says(string name)
    {
        var played = Cases().Single(one => one.ToString() == name);
        Assert.Empty(await PlayAsync(lab.Stages, played, alone: false));
        if (IsForTheKernel(played))
        {
            Assert.Empty(await PlayAsync(lab.Stages, played, alone: true));
        }
    }

    [Theory]
    [InlineData("ends_uncounted", "The last of several processes ends it")]
    [InlineData("forks_uncounted", "A child that was forked keeps it live after its parent ended")]
    [InlineData("last_rank_first", "The lowest priority number wins")]
    public async Task A_kernel_with_a_fault_is_found_out(string fault, string situation)
    {
        await using var broken = await StageLab.CreateAsync(image: TestObjects.Program(fault));
        var played = Cases().Single(one => one.Name == situation);

        Assert.True(IsForTheKernel(played));
        Assert.NotEmpty(await PlayAsync(broken, played, alone: true));
    }

    [Fact]
    public void Most_situations_are_of_processes_and_the_kernel_needs_nobody_for_many()
    {
        Assert.True(Names.Count >= 80, $"{Names.Count}");
        var alone = Cases().Count(one => one.IsOfProcesses && IsForTheKernel(one));
        Assert.True(alone >= 30, $"{alone}");
    }

    /// <summary>What differs; <paramref name="alone"/>: nobody looks between the steps.</summary>
    private async Task<IReadOnlyList<string>> PlayAsync(StageLab stages, SituationCase played, bool alone)
    {
        WriteUsers(played);
        await using var actors = await Actors.StartAsync(stages.Vm, lab.Programs, played);
        var (start, passed) = (BootClock.Now + TimeSpan.FromHours(1), TimeSpan.Zero);
        var users = new UserNames(_users);
        var activation = new StagedActivation(
            stages.Dataplane,
            new ConditionWatch(stages.Stages, users, new ProcFiles(users, $"{actors.Id}")),
            () => new Moment(start + passed, played.Clock + passed));
        activation.Apply(1, played.Default is { } floor ? PersonaOf(floor) : null, StagingOf(played));

        var differences = new List<string>();
        foreach (var step in played.Steps)
        {
            passed = step.At;
            foreach (var fact in step.Facts)
            {
                await actors.ApplyAsync(fact);
            }

            if (!alone)
            {
                activation.Look(thorough: true);
            }

            if (stages.InForce != step.Persona)
            {
                differences.Add($"{played.File}:{step.Line}: {stages.InForce ?? "none"}");
            }
        }

        activation.Apply(2, null, null);
        return differences;
    }

    private static bool IsForTheKernel(SituationCase played) => played.Documents.Values.Select(BindingOf)
        .All(KernelTrigger.EndsByItself);

    private static IReadOnlyList<SituationCase> Cases() =>
        SituationTable.ReadFolder(Path.Join(AppContext.BaseDirectory, "situations"));

    private static Staging StagingOf(SituationCase played)
    {
        var staged = played.Documents.Select(pair => new StagedPersona(BindingOf(pair.Value), PersonaOf(pair.Key)))
            .OrderBy(one => one.Binding, Binding.Rank);
        return new Staging([.. staged], played.Documents.Count);
    }

    private static Persona PersonaOf(string name) => StageLab.Allowing(name, StageLab.NewAddress);

    private static Binding BindingOf(string document)
    {
        var findings = new Findings();
        var validated = PersonaValidator.Validate(Encoding.UTF8.GetBytes(document), findings);
        Assert.Empty(findings.Errors);
        return BindingMapper.ToBinding(validated!.Document);
    }

    private void WriteUsers(SituationCase played) => File.WriteAllLines(
        _users,
        played.Steps.SelectMany(step => step.Facts).OfType<SituationFact.Started>()
            .Select(started => (started.UserName, started.UserId)).Append(("root", 0u)).Distinct()
            .Select(user => $"{user.Item1}:x:{user.Item2}:{user.Item2}::/:/bin/sh"));
}

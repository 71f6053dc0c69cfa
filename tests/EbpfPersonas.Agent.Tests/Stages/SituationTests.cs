using System.Text;
using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Tests.Activity;
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
/// agent put in force is what the activation function says. Time stands still between the steps, ahead of boot time.
/// </summary>
public sealed class SituationTests(TestPrograms programs) : IClassFixture<TestPrograms>, IAsyncLifetime
{
    private readonly string _users = Path.GetTempFileName();
    private StageLab _lab = null!;

    public static TheoryData<string> Names =>
        [.. Cases().Where(one => one.IsOfProcesses).Select(one => one.ToString())];

    public async Task InitializeAsync() => _lab = await StageLab.CreateAsync();

    public async Task DisposeAsync()
    {
        await _lab.DisposeAsync();
        File.Delete(_users);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_kernel_says_what_the_function_says(string name)
    {
        var played = Cases().Single(one => one.ToString() == name);
        WriteUsers(played);
        await using var actors = await Actors.StartAsync(_lab.Vm, programs, played);
        var (start, passed) = (BootClock.Now + TimeSpan.FromHours(1), TimeSpan.Zero);
        var users = new UserNames(_users);
        var activation = new StagedActivation(
            _lab.Dataplane,
            new ConditionWatch(_lab.Stages, users, new ProcFiles(users, $"{actors.Id}")),
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

            activation.Look(thorough: true);
            if (_lab.InForce != step.Persona)
            {
                differences.Add($"{played.File}:{step.Line}: {_lab.InForce ?? "none"}");
            }
        }

        activation.Apply(2, null, null);
        Assert.Empty(differences);
    }

    [Fact]
    public void Most_situations_are_of_processes() => Assert.True(Names.Count >= 60, $"{Names.Count}");

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

using EbpfPersonas.Agent.Tests.Activity;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>One VM in which situations are played, one after the other, and the programs for them.</summary>
public sealed class SituationLab : IAsyncLifetime
{
    public TestPrograms Programs { get; } = new();

    internal StageLab Stages { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Programs.InitializeAsync();
        Stages = await StageLab.CreateAsync();
    }

    public async Task DisposeAsync()
    {
        await Stages.DisposeAsync();
        await Programs.DisposeAsync();
    }
}

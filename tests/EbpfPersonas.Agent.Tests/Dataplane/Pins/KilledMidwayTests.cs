using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Enforcer;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Survival;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Pins;

/// <summary>
/// An agent that is killed between any two of its writes to the kernel leaves the old persona whole, or the new one.
/// </summary>
public sealed class KilledMidwayTests : PinTest
{
    private const int WritesMax = 100;
    private const string OtherImage = "artifacts/bpf/tests/other_layout.bpf.o";

    [Fact]
    public async Task In_an_apply_the_old_persona_is_whole_or_the_new_one() => await KillAtEveryWriteAsync(7);

    [Fact]
    public async Task In_an_upgrade_the_old_persona_is_whole_or_the_new_one() =>
        await KillAtEveryWriteAsync(25, "image=" + BuiltProduct.File(OtherImage));

    /// <summary>
    /// Has generation 1 in force, starts an agent that goes on with it, applies one more and dies before write n; for
    /// all n.
    /// </summary>
    private async Task KillAtEveryWriteAsync(int writesMin, params string[] arguments)
    {
        var realised = new List<ulong>();
        for (var write = 1; write < WritesMax; write++)
        {
            using (LoadAndAttach(
                new DataplaneOptions { Known = TestPersonas.All }, loaded => loaded.Apply(1, TestPersonas.Of(1))))
            {
            }

            var died = await RunAsync([.. arguments, string.Create(CultureInfo.InvariantCulture, $"die_at={write}")]);
            realised.Add(CheckWhole());
            if (!died)
            {
                // It came to its end before that write.
                Assert.Equal(2ul, realised[^1]);
                Assert.True(write > writesMin, $"{write} writes");
                Assert.Equal(realised.Order(), realised);
                Assert.Equal(1ul, realised[0]);
                return;
            }
        }

        Assert.Fail("It does not end.");
    }

    private async Task<bool> RunAsync(string[] arguments)
    {
        await using var enforcer = EnforcerProcess.Start(
            Vm, ["pins=" + Directory, "applies=1", "attach=tcx", .. arguments]);
        if (await enforcer.AppliesOrDiesAsync())
        {
            Assert.Equal(0, await enforcer.StopAsync());
            return false;
        }

        return true;
    }

    /// <summary>The generation that a new agent finds in force, and whole. Then all is taken off.</summary>
    private ulong CheckWhole()
    {
        using var after = LoadAndAttach(new DataplaneOptions { Known = TestPersonas.All });
        var realised = after.Realised;
        var persona = TestPersonas.Of(realised.Generation);

        Assert.Equal((persona.Name, persona.Revision), (realised.Persona, realised.Revision));
        Assert.Equal(persona.Rules.Select(rule => rule.Id), after.Current!.Compiled.RuleIds);
        foreach (var other in TestPersonas.All)
        {
            var peer = other.Rules[0].Peers[0].Address;
            var port = other.Rules[0].Ports[0].First;
            Assert.Equal(other == persona, Passes(after, $"tcp local:40000 > {peer}:{port}"));
        }

        after.Remove();
        Assert.Empty(Pinned);
        return realised.Generation;
    }
}

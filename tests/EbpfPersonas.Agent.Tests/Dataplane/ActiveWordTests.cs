using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>Whoever switches, no switch is lost: each has an epoch of its own.</summary>
public sealed class ActiveWordTests
{
    private const int SwitchesEach = 500_000;

    [Fact]
    public void Switches_made_at_once_on_all_cpus_have_an_epoch_each()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());

        Assert.Equal(0, LostSwitches(dataplane, word => word.Switch(0)));
    }

    [Fact]
    public void A_plain_store_is_caught()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        using var memory = dataplane.Filter.Map("active").MapMemory();

        Assert.NotEqual(0, LostSwitches(dataplane, _ => Store(memory)));
    }

    private static void Store(MemoryMap memory)
    {
        ref var word = ref memory.Values<ulong>()[0];
        Volatile.Write(ref word, Volatile.Read(ref word) + (1ul << 32));
    }

    private static long LostSwitches(PersonaDataplane dataplane, Action<ActiveWord> change)
    {
        using var word = new ActiveWord(dataplane.Filter.Map("active"));
        var before = word.Read().Epoch;
        using var start = new Barrier(Environment.ProcessorCount);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(cpu => PinnedThread.Start(cpu, () =>
        {
            start.SignalAndWait();
            for (var i = 0; i < SwitchesEach; i++)
            {
                change(word);
            }
        })).ToList();
        threads.ForEach(thread => thread.Join());
        return (long)threads.Count * SwitchesEach - (word.Read().Epoch - before);
    }
}

using EbpfPersonas.Agent.Dataplane.Residents;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

public sealed class RangeAllocatorTests
{
    [Fact]
    public void Gives_what_fits_and_nothing_more()
    {
        var arena = new RangeAllocator(10);

        Assert.True(arena.TryAllocate(4, out var first));
        Assert.True(arena.TryAllocate(6, out var second));
        Assert.False(arena.TryAllocate(1, out _));
        Assert.Equal((0u, 4u, 10u, 0u), (first, second, arena.Used, arena.LargestGap));
    }

    [Fact]
    public void Neighbouring_gaps_become_one_again()
    {
        var arena = new RangeAllocator(10);
        arena.TryAllocate(3, out var a);
        arena.TryAllocate(3, out var b);
        arena.TryAllocate(4, out var c);

        arena.Free(a, 3);
        arena.Free(c, 4);
        Assert.Equal(4u, arena.LargestGap);
        arena.Free(b, 3);

        Assert.Equal((0u, 10u), (arena.Used, arena.LargestGap));
        Assert.True(arena.TryAllocate(10, out _));
    }

    [Fact]
    public void Nothing_is_given_twice_in_a_long_random_life()
    {
        var random = new Random(7);
        var arena = new RangeAllocator(1000);
        var owner = new int[1000];
        var live = new List<(uint Start, uint Count, int Id)>();
        for (var id = 1; id <= 20_000; id++)
        {
            var count = (uint)random.Next(0, 60);
            if (arena.TryAllocate(count, out var start))
            {
                Assert.All(owner[(int)start..(int)(start + count)], who => Assert.Equal(0, who));
                owner.AsSpan((int)start, (int)count).Fill(id);
                live.Add((start, count, id));
            }

            if (live.Count > 0 && random.Next(3) > 0)
            {
                var index = random.Next(live.Count);
                var (gone, size, _) = live[index];
                live.RemoveAt(index);
                owner.AsSpan((int)gone, (int)size).Clear();
                arena.Free(gone, size);
            }

            Assert.Equal((uint)owner.Count(who => who != 0), arena.Used);
        }
    }
}

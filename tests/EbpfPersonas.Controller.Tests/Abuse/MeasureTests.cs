using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Store;
using Xunit;
using Xunit.Sdk;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>What the tests of abuse measure with does find what it is there to find.</summary>
[Collection(AbuseCollection.Name)]
public sealed class MeasureTests : ControllerTest
{
    [Fact]
    public async Task Memory_that_is_taken_and_given_back_is_seen()
    {
        await using var memory = new MemoryWatch();
        var much = GC.AllocateUninitializedArray<byte>((int)(MemoryWatch.Bound + (64 << 20)));
        Array.Fill(much, (byte)1);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        GC.KeepAlive(much);

        Assert.ThrowsAny<XunitException>(memory.ExpectBounded);
    }

    /// <summary>Each push needs the VM for itself a few times, and somebody else has it nearly always.</summary>
    [Fact]
    public async Task An_attack_that_holds_up_pushes_is_found()
    {
        await using (await Controller.AgentAsync("vm-good"))
        {
            await Controller.WaitForVmAsync("vm-good", status => (bool)status["connected"]!);
        }

        Assert.True(Controller.Get<PersonaManager>().TryFind(new VmKey(Tenants.Default, "vm-good"), out var good));

        await Assert.ThrowsAnyAsync<XunitException>(() => new PushRace(Controller, "vm-good", races: 1).RunAsync(
            () => Task.FromResult<IAsyncDisposable>(new Attack(HoldAsync))));

        async Task HoldAsync(CancellationToken ended)
        {
            while (true)
            {
                await good.Gate.WaitAsync(ended);
                try
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(40), ended);
                }
                finally
                {
                    good.Gate.Release();
                }
            }
        }
    }

    [Fact]
    public async Task A_request_that_is_right_is_kept()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        var before = KeptThings.Of(Controller.StoreFile);
        Assert.Equal(before, KeptThings.Of(Controller.StoreFile));

        await Controller.PutPersonaAsync("""{"name":"db"}""");

        Assert.NotEqual(before, KeptThings.Of(Controller.StoreFile));
    }
}

using EbpfPersonas.TestKit.Leaks;
using EbpfPersonas.TestKit.Network;
using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A test with a network of its own; it fails if it leaves anything on the machine.</summary>
public abstract class LabTest : IAsyncLifetime
{
    private MachineState? _before;
    private Lab? _lab;

    protected Lab Lab => _lab!;

    public virtual async Task InitializeAsync()
    {
        _before = await MachineState.ReadAsync();
        _lab = await Lab.CreateAsync();
    }

    public virtual async Task DisposeAsync()
    {
        if (_lab is not null)
        {
            await _lab.DisposeAsync();
            Assert.Empty(await _before!.FindLeaksAsync());
        }
    }
}

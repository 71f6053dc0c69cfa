using Xunit;

namespace EbpfPersonas.Controller.Tests;

/// <summary>A test against a controller of its own.</summary>
public abstract class ControllerTest : IAsyncLifetime
{
    private protected RunningController Controller { get; private set; } = null!;

    public async Task InitializeAsync() => Controller = await RunningController.StartAsync();

    public async Task DisposeAsync() => await Controller.DisposeAsync();
}

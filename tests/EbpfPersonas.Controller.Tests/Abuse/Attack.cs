namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Something that goes on until it is disposed.</summary>
internal sealed class Attack : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _running;

    public Attack(Func<CancellationToken, Task> run) => _running = Task.Run(() => run(_ended.Token));

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // That is its end.
        }

        _ended.Dispose();
    }
}

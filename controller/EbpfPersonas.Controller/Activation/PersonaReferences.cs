using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Keeps what VMs refer to in existence: no VM begins to refer to a persona while one is written or deleted, nor to one that is not there.
/// </summary>
internal sealed class PersonaReferences(IStore store) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Writes or deletes a persona.</summary>
    public async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        await _gate.WaitAsync();
        try
        {
            return await write();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Refers to <paramref name="personas"/> by <paramref name="refer"/>, unless some are unknown: those are given back.</summary>
    public async Task<IReadOnlyList<(string Pointer, string Name)>> ReferAsync(
        IReadOnlyList<(string Pointer, string Name)> personas, Func<Task> refer)
    {
        await _gate.WaitAsync();
        try
        {
            var unknown = new List<(string, string)>();
            foreach (var (pointer, name) in personas)
            {
                if (await store.FindPersonaAsync(name) is null)
                {
                    unknown.Add((pointer, name));
                }
            }

            if (unknown.Count == 0)
            {
                await refer();
            }

            return unknown;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();
}

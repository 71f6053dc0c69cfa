using System.Collections.Concurrent;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>The personas of the store, read and mapped once for each revision.</summary>
internal sealed class PersonaLibrary(IStore store, AgentsAddresses addresses)
{
    /// <summary>Revisions kept in memory; beyond that the cache starts again.</summary>
    private const int MaxCached = 4096;

    private readonly ConcurrentDictionary<(string Tenant, string Name, long Revision), LivePersona> _cache = new();

    /// <summary>The newest revision, or null.</summary>
    public async Task<LivePersona?> FindAsync(string tenant, string name) =>
        await store.FindPersonaAsync(tenant, name) is { } stored ? Read(stored) : null;

    /// <summary>One revision, or null.</summary>
    public async Task<LivePersona?> FindRevisionAsync(string tenant, string name, long revision) =>
        _cache.TryGetValue((tenant, name, revision), out var cached)
            ? cached
            : await store.FindRevisionAsync(tenant, name, revision) is { } stored ? Read(stored) : null;

    /// <summary>
    /// Throws <see cref="InvalidDataException"/> where a stored document is no longer accepted by this version.
    /// </summary>
    public LivePersona Read(StoredPersona stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var key = (stored.Tenant, stored.Name, stored.Revision);
        if (_cache.TryGetValue(key, out var cached))
        {
            return cached;
        }

        var findings = new Findings();
        var validated = PersonaValidator.Validate(stored.Document, findings, stored.Name, addresses.All)
            ?? throw new InvalidDataException(
            $"Revision {stored.Revision} of {stored.Name} in the store is not valid: {findings.Errors[0].Pointer} " +
            $"{findings.Errors[0].Message}");
        var live = new LivePersona(
            stored, validated, PersonaMapper.ToWire(validated.Document, (ulong)stored.Revision),
            BindingMapper.ToBinding(validated.Document));
        if (_cache.Count >= MaxCached)
        {
            _cache.Clear();
        }

        return _cache.GetOrAdd(key, live);
    }
}

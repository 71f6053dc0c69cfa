using EbpfPersonas.Agent.Link;
using EbpfPersonas.Protos.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>A state directory of one test, and what works on it.</summary>
internal sealed class StateFolder : IDisposable
{
    public const string VmId = "vm-1";

    public string Path { get; } = Directory.CreateTempSubdirectory("ebpf-personas-state-").FullName;

    public StateStore Store => new(Path, VmId);

    public static DesiredState Desired(ulong generation, string? persona, ulong revision = 1) => new()
    {
        Generation = generation,
        Persona = persona is null ? null : Wire.Persona(persona, revision),
        Cause = "the test says so",
    };

    public static StoredState Stored(ulong generation, string? persona, string boot = "this boot") => new()
    {
        VmId = VmId,
        BootId = boot,
        ControllerId = "store-1",
        Desired = Desired(generation, persona),
    };

    public DesiredStateApplier Applier(FakeDataplane dataplane) => new(
        dataplane, Store, VmId, TimeProvider.System, NullLogger<DesiredStateApplier>.Instance);

    public string File(StateName name) => Store.PathOf(name);

    public KeptState Load(StateName name) => Store.Load().Single(kept => kept.Name == name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

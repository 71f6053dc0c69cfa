using EbpfPersonas.Agent.Confirmation;
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

    public DesiredStateApplier Applier(FakeDataplane dataplane) => Applier(dataplane, Confirmations());

    public DesiredStateApplier Applier(FakeDataplane dataplane, Confirmations confirmations) => new(
        dataplane, Store, confirmations, VmId, TimeProvider.System, NullLogger<DesiredStateApplier>.Instance);

    /// <summary>As an agent has it that starts in this boot.</summary>
    public Confirmations Confirmations(
        string boot = "this boot", Func<TimeSpan>? sinceBoot = null, TimeProvider? time = null) => new(
        Path, VmId, boot, sinceBoot ?? (() => TimeSpan.Zero), time ?? TimeProvider.System,
        NullLogger<Confirmations>.Instance);

    public string File(StateName name) => Store.PathOf(name);

    public KeptState Load(StateName name) => Store.Load().Single(kept => kept.Name == name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

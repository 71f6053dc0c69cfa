namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// What became of a request about a VM. <paramref name="UnknownPersonas"/> lists the fields that name no persona.
/// </summary>
internal sealed record VmRequestOutcome(VmActor? Actor, IReadOnlyList<(string Pointer, string Name)> UnknownPersonas)
{
    /// <summary>Why the VM would not take what is asked for, as sentences; null where it may.</summary>
    public string? Refusal { get; init; }

    /// <summary>There is no such VM.</summary>
    public static VmRequestOutcome NoVm { get; } = new(null, []);
}

using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Which personas may become active on a VM.</summary>
/// <param name="Personas">Those that their triggers may activate.</param>
/// <param name="Default">The one that is active when no trigger is live; null for none.</param>
internal sealed record VmBindings(IReadOnlyList<string> Personas, string? Default)
{
    public static VmBindings Of(StoredVm vm) => new(vm.Bindings, vm.Default);
}

using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A VM: who it is and what may become active on it.</summary>
internal sealed record VmResource(
    string Id, bool Connected, DateTimeOffset FirstSeen, DateTimeOffset LastContact, string AgentVersion,
    string KernelRelease,
    string BootId, IReadOnlyList<string> Capabilities, VmBindings Bindings)
{
    public static VmResource Of(StoredVm vm, bool connected) => new(
        vm.Key.Id, connected, vm.FirstSeen, vm.LastContact, vm.AgentVersion, vm.KernelRelease, vm.BootId,
        vm.Capabilities,
        VmBindings.Of(vm));
}

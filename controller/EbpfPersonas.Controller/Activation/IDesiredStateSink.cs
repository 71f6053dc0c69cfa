using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation.Triggers;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Where decisions go. Must return at once; a VM that is not connected gets the newest state when it comes back.
/// </summary>
internal interface IDesiredStateSink
{
    void Push(
        VmKey key, DesiredState desired, V1.Persona? persona, IReadOnlyList<LivePersona> staged, V1.Persona? shadow);


    /// <summary>What a VM is to report at once, for it is not left to decide on it by itself.</summary>
    void Watch(VmKey key, IReadOnlyList<ProcessCondition> conditions);
}

using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Agent.Activation;

/// <summary>Which triggers the kernel can carry out alone.</summary>
internal static class KernelTrigger
{
    /// <summary>
    /// Whether the trigger holds just while one of its conditions does: then the kernel needs nobody to tell it.
    /// </summary>
    public static bool IsPlain(Trigger trigger) => trigger switch
    {
        ProcessTrigger => true,
        AnyTrigger any => any.Parts.All(IsPlain),
        AllTrigger { Parts: [var only] } => IsPlain(only),
        _ => false,
    };

    /// <summary>Whether the kernel also ends it by itself.</summary>
    public static bool EndsByItself(Binding binding) =>
        IsPlain(binding.Trigger) && binding.Lifecycle == Lifecycle.OfTriggerAlone;
}

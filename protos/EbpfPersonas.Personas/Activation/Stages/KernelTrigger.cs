using System.Text;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>Which triggers the kernel can carry out, and what that takes.</summary>
public static class KernelTrigger
{
    /// <summary>The most octets of a name or a path that the kernel compares.</summary>
    public const int MaxTextOctets = 255;

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
    public static bool EndsByItself(Binding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        return IsPlain(binding.Trigger) && binding.Lifecycle == Lifecycle.OfTriggerAlone;
    }

    /// <summary>
    /// How many conditions the kernel counts for it: its own, whoever else has the same, and where it is not plain one
    /// more, under which it is told.
    /// </summary>
    public static int NumbersOf(Trigger trigger)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        return trigger.Conditions.Distinct().Count() + (IsPlain(trigger) ? 0 : 1);
    }

    /// <summary>Whether the kernel can compare all that its conditions name.</summary>
    public static bool Fits(Trigger trigger)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        return trigger.Conditions.All(condition =>
            Fits(condition.ProcessName) && Fits(condition.ProcessPath) && Fits(condition.ParentProcess));
    }

    private static bool Fits(string? text) => text is null || Encoding.UTF8.GetByteCount(text) <= MaxTextOctets;
}

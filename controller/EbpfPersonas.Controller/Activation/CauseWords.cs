using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>The words for causes in the API, in metrics and in logs.</summary>
internal static class CauseWords
{
    /// <summary>manual, trigger, default, rollback or none.</summary>
    public static string Word(this ActivationCause cause) => cause switch
    {
        ActivationCause.Manual => "manual",
        ActivationCause.Trigger => "trigger",
        ActivationCause.Default => "default",
        ActivationCause.Rollback => "rollback",
        _ => "none",
    };
}

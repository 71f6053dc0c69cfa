namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// What triggers know of a process. <paramref name="Path"/> is what exec was given (empty for a descriptor);
/// <paramref name="Executable"/> is the file it resolved to (empty for a script, where it would name the interpreter).
/// A child that was forked has all of it, the parent too, from the process that forked.
/// </summary>
public sealed record ProcessImage(string Path, string Executable, uint UserId, string UserName)
{
    /// <summary>
    /// The parent when the image was executed, or when the process was first looked at; null where it is not known.
    /// </summary>
    public ParentImage? Parent { get; init; }

    /// <summary>What a process that it starts has as its parent.</summary>
    public ParentImage AsParent() => new(Path, Executable);
}

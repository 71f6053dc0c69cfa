namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// What triggers know of a process. <paramref name="Path"/> is what exec was given (empty for a descriptor);
/// <paramref name="Executable"/> is the file it resolved to (empty for a script, where it would name the interpreter).
/// </summary>
public sealed record ProcessImage(string Path, string Executable, uint UserId, string UserName);

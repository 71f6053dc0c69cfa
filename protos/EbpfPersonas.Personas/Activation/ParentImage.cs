namespace EbpfPersonas.Personas.Activation;

/// <summary>What a process's parent ran when it started the process, as of <see cref="ProcessImage"/>.</summary>
public sealed record ParentImage(string Path, string Executable);

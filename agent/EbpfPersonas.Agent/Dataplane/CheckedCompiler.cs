using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>The compiler, and a spot check of what it made.</summary>
internal static class CheckedCompiler
{
    /// <summary>
    /// As <see cref="PersonaCompiler.Compile"/>; throws <see cref="ApplyException"/> (COMPILE) where the compiled form
    /// says something else than the persona's rules mean.
    /// </summary>
    public static CompiledPersona Compile(Persona persona, int linesMax)
    {
        var compiled = PersonaCompiler.Compile(persona, linesMax);
        return CompilerCheck.Find(persona, compiled) is { } difference
            ? throw new ApplyException("COMPILE", difference.Sentence)
            : compiled;
    }
}

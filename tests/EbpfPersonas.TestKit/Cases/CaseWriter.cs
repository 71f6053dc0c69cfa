using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>Writes a case folder, as <see cref="CaseFolder"/> reads it.</summary>
public static class CaseWriter
{
    /// <summary>
    /// Makes the folder; <paramref name="documents"/> by file name, <paramref name="lines"/> of <c>packets.txt</c>.
    /// </summary>
    public static void Write(
        string folder, IReadOnlyDictionary<string, Persona> documents, IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(documents);
        Directory.CreateDirectory(folder);
        foreach (var (file, persona) in documents)
        {
            File.WriteAllText(Path.Combine(folder, file), PersonaJson.Write(persona));
        }

        File.WriteAllLines(Path.Combine(folder, CaseFolder.PacketsFile), lines);
    }
}

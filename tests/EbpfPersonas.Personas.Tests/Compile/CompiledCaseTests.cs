using System.Security.Cryptography;
using System.Text;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Tests.Cases;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Compile;

/// <summary>
/// The compiled form of every case is the one in its compiled.txt. UPDATE_SNAPSHOTS=1 writes the files anew, for the
/// difference to be read before it is committed.
/// </summary>
public sealed class CompiledCaseTests
{
    public static TheoryData<string> Names => [.. CaseDocuments.All.Select(@case => @case.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Compiles_to_what_was_looked_at(string name)
    {
        var dump = Shortened(CompiledPersonaText.Dump(PersonaCompiler.Compile(Read(name))));
        var file = Path.Combine(CaseDocuments.Folder, name, "compiled.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(file, dump);
        }

        Assert.Equal(File.ReadAllText(file), dump);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_persona_compiles_to_the_same_bytes(string name) =>
        Assert.Equal(PersonaCompiler.Compile(Read(name)), PersonaCompiler.Compile(Read(name)));

    [Fact]
    public void Personas_that_differ_in_one_bit_compile_to_different_bytes()
    {
        var seed = Read("seed");
        var other =
            seed with { Rules = [seed.Rules[0] with { Ports = [new PortRange(3306, 3307)] }, .. seed.Rules[1..]] };

        Assert.NotEqual(PersonaCompiler.Compile(seed), PersonaCompiler.Compile(other));
        Assert.NotEqual(
            PersonaCompiler.Compile(seed), PersonaCompiler.Compile(seed with { KeepEstablished = true }));
    }

    [Fact]
    public void Refuses_what_does_not_fit_and_says_how_much_there_is()
    {
        var compiled = PersonaCompiler.Compile(Read("seed"));

        Assert.Equal(compiled, PersonaCompiler.Compile(Read("seed"), compiled.Lines.Length));
        var refused = Assert.Throws<PersonaTooLargeException>(
            () => PersonaCompiler.Compile(Read("seed"), compiled.Lines.Length - 1));
        Assert.Contains($"{(compiled.Lines.Length - 1) * 64} octets", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Of a very long dump the beginning, and a hash of it all.</summary>
    private static string Shortened(string dump)
    {
        const int Longest = 2000;
        const int Shown = 200;
        var lines = dump.Split('\n');
        return lines.Length <= Longest
            ? dump
            : string.Join('\n', lines[..Shown])
                + $"\n... and {lines.Length - Shown} lines; SHA-256 of all "
                + $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dump)))}\n";
    }

    private static Persona Read(string name) => CaseDocuments.Read(CaseDocuments.Load(name), CaseFolder.PersonaFile)!;
}

using EbpfPersonas.Personas.Wire;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using Model = EbpfPersonas.Personas.Model;
using WireFormat = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.KernelTests;

/// <summary>
/// Every case folder, packet by packet, through BPF_PROG_TEST_RUN. The personas come as the bytes that the agent would
/// get from the controller, made from the documents before the guest was started.
/// </summary>
internal static class PacketCases
{
    public static void Check(Report report, string folder, ReadOnlyMemory<byte> verdictImage)
    {
        using var filter = new KernelFilter(verdictImage);
        foreach (var testCase in CaseFolder.LoadAll(folder))
        {
            report.Check($"case {testCase.Name}, {testCase.Steps.Length} steps", () => Run(filter, testCase));
        }
    }

    private static void Run(KernelFilter filter, CaseFolder testCase)
    {
        filter.Use(Read(testCase, CaseFolder.PersonaFile));
        var differences = CaseRun.Differences(testCase, file => Read(testCase, file), filter.SwitchTo, filter.Decide);
        if (differences.Count > 0)
        {
            throw new InvalidOperationException(string.Join("\n    ", differences));
        }
    }

    private static Model.Persona? Read(CaseFolder testCase, string? document)
    {
        if (document is null)
        {
            return null;
        }

        var wire = File.ReadAllBytes(Path.Combine(testCase.Folder, Path.ChangeExtension(document, ".pb")));
        return PersonaReader.Read(WireFormat.Persona.Parser.ParseFrom(wire));
    }
}

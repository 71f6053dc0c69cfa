using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.TestKit.Cases;
using Google.Protobuf;

// Usage: EbpfPersonas.WireCases <folder of cases> <output>. Turns every document of every case that has packets into
// the bytes that the controller would send, for kernels that run where no controller does.
var (cases, output) = (args[0], args[1]);
foreach (var testCase in CaseFolder.LoadAll(cases))
{
    var target = Directory.CreateDirectory(Path.Combine(output, testCase.Name)).FullName;
    File.Copy(Path.Combine(testCase.Folder, "packets.txt"), Path.Combine(target, "packets.txt"), overwrite: true);
    foreach (var document in Directory.EnumerateFiles(testCase.Folder, "*.json"))
    {
        var findings = new Findings();
        var validated = PersonaValidator.Validate(File.ReadAllBytes(document), findings)
            ?? throw new FormatException(
                $"{document}: {string.Join("; ", findings.Errors.Select(error => error.Message))}");
        var wire = PersonaMapper.ToWire(validated.Document, revision: 1).ToByteArray();
        File.WriteAllBytes(Path.Combine(target, Path.GetFileNameWithoutExtension(document) + ".pb"), wire);
    }
}

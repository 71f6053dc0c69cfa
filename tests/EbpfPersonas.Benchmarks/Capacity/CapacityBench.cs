using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Capacity;

/// <summary>
/// G6: kernel memory that a rule needs, for the mixed set and for those that are made to need much, and the share of
/// the verifier's budget that our programs need.
/// </summary>
internal sealed class CapacityBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const int OctetsPerRule = 256;
    private const int OctetsPerHardRule = 1024;

    /// <summary>Instructions that the verifier looks at before it gives up, BPF_COMPLEXITY_LIMIT_INSNS.</summary>
    private const double VerifierBudget = 1_000_000;

    /// <summary>So that a set is measured also where no agent would take it: 512 MiB.</summary>
    private const int LinesMax = 1 << 23;

    public void Run()
    {
        foreach (var kind in RuleSetCatalog.All)
        {
            foreach (var families in settings.Quick
                ? [RuleSetFamilies.IPv4]
                : (RuleSetFamilies[])[RuleSetFamilies.IPv4, RuleSetFamilies.IPv6])
            {
                cancellation.ThrowIfCancellationRequested();
                Measure(kind, families);
            }
        }

        MeasurePrograms();
    }

    private void Measure(RuleSetKind kind, RuleSetFamilies families)
    {
        var size = settings.Sizes[^1];
        var words = string.Create(CultureInfo.InvariantCulture, $"{families}, {size:#,0} {kind.Name} rules");
        report.Progress($"size, {words}");
        var persona = kind.Make(new RuleSetShape(size, families));
        var row = new Row
        {
            Goal = "G6",
            Case = words + ", octets a rule",
            Unit = "B",
            Target = RuleSetCatalog.Adversarial.Contains(kind) ? OctetsPerHardRule : OctetsPerRule,
        };
        try
        {
            var compiled = PersonaCompiler.Compile(persona, LinesMax).Size;
            report.Add(row with
            {
                Ours = (double)compiled.Octets / size,
                Note = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{compiled.Classes:#,0} classes, {compiled.AddressLines:#,0} address and {compiled.PortLines:#,0} "
                    + $"port lines; rule counters, 32 octets a CPU, come on top"),
            });
        }
        catch (PersonaTooLargeException tooLarge)
        {
            report.Add(row with { Note = tooLarge.Message });
        }
    }

    private void MeasurePrograms()
    {
        var verified = new List<(string Program, uint Instructions)>();
        foreach (var name in BpfImages.Names)
        {
            using var image = BpfObject.Open(BpfImages.Read(name), name.Split('.')[0]);
            image.Load();
            verified.AddRange(
                image.Programs.Values.Select(program => (program.Name, program.ReadVerifiedInstructions())));
        }

        report.Add(new Row
        {
            Goal = "G6",
            Case = "instructions verified, all programs, share of the budget",
            Ours = verified.Sum(program => program.Instructions) / VerifierBudget * 100,
            Unit = "%",
            Target = 2,
            Note = string.Join(", ", verified.Select(program => string.Create(
                CultureInfo.InvariantCulture, $"{program.Program} {program.Instructions:#,0}"))),
        });
    }
}

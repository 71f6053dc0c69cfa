using System.Globalization;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Capacity;

/// <summary>
/// G6: kernel memory that a rule needs, for the mixed set and for those that are made to need much, and the share of the
/// verifier's budget that our programs need.
/// </summary>
internal sealed class CapacityBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const int OctetsPerRule = 256;
    private const int OctetsPerHardRule = 1024;

    /// <summary>Instructions that the verifier looks at before it gives up, BPF_COMPLEXITY_LIMIT_INSNS.</summary>
    private const double VerifierBudget = 1_000_000;

    /// <summary>Not part of a compiled persona: a fixed table, and what flows and not rules fill.</summary>
    private static readonly string[] NotOfRules = ["slots", "flows", "rule_counters"];

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
            report.Add(row with { Ours = Octets(persona) / size });
        }
        catch (ApplyException tooLarge)
        {
            report.Add(row with { Note = tooLarge.Message });
        }
    }

    /// <summary>What publishing the persona takes of the arenas; rule counters, 24 octets a CPU, come on top.</summary>
    private static double Octets(Persona persona)
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var before = InUse(dataplane);
        dataplane.Apply(1, persona);
        return InUse(dataplane) - before;
    }

    private static double InUse(PersonaDataplane dataplane) =>
        dataplane.ReadCounters().MapUtilization.Where(entry => !NotOfRules.Contains(entry.Key)).Sum(entry =>
        {
            var map = dataplane.Filter.Map(entry.Key);
            return entry.Value * map.MaxEntries * map.ValueSize;
        });

    private void MeasurePrograms()
    {
        var total = 0u;
        foreach (var name in BpfImages.Names)
        {
            using var image = BpfObject.Open(BpfImages.Read(name), name.Split('.')[0]);
            image.Load();
            total += (uint)image.Programs.Values.Sum(program => program.ReadVerifiedInstructions());
        }

        report.Add(new Row
        {
            Goal = "G6",
            Case = "instructions verified, all programs, share of the budget",
            Ours = total / VerifierBudget * 100,
            Unit = "%",
            Target = 2,
            Note = string.Create(CultureInfo.InvariantCulture, $"{total:#,0} instructions"),
        });
    }
}

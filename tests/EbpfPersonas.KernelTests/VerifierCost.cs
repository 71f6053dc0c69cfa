using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.KernelTests;

/// <summary>
/// What this kernel's verifier needs for the programs that the agent ships is what is kept in the repository. Each
/// count is printed behind "verified", from where build/test-kernels collects them.
/// </summary>
internal static class VerifierCost
{
    public static void Check(Report report, IEnumerable<string> kept) =>
        report.Check("verified instructions", () =>
        {
            var measured = VerifiedInstructions.Measure();
            foreach (var line in measured.Lines)
            {
                Console.WriteLine($"verified {line}");
            }

            var differences = measured.Differences(VerifiedInstructions.Read(kept)).ToList();
            if (differences.Count > 0)
            {
                throw new InvalidOperationException(
                    string.Join("\n    ", [.. differences, "Is it meant? Run `make verified-instructions`."]));
            }
        });
}

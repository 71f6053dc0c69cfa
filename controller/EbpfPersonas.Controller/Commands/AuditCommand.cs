using System.Globalization;
using EbpfPersonas.Controller.Store.Sqlite;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// <c>audit verify</c>: follows the chain. Records cut off at its end leave no trace in it: whoever keeps the line that
/// this prints elsewhere can ask for that record with --expect.
/// </summary>
internal static class AuditCommand
{
    private const string Usage = "ebpf-personas-controller audit verify [--expect SEQUENCE:HASH] [--config FILE]";

    /// <summary>
    /// Prints the last record's number and hash; gives 0, or 1 where something is not as it was written.
    /// </summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        var problems = new List<string>();
        var read = CommandArguments.Read(arguments, ["expect"], problems);
        read.ExpectWords(1, Usage, problems);
        if (read.Words is [not "verify", ..])
        {
            problems.Add($"Usage: {Usage}");
        }

        if (!TryReadExpectation(read["expect"], out var sequence, out var hash))
        {
            problems.Add("--expect is a line that this command printed: SEQUENCE:HASH.");
        }

        if (problems.Count > 0)
        {
            problems.ForEach(problem => errors.WriteLine($"ebpf-personas-controller: {problem}"));
            return 1;
        }

        var found = await new SqliteStore(read.Settings!.Store).Audit.VerifyAsync(sequence);
        if (found.Broken is { } broken)
        {
            await errors.WriteLineAsync(
                $"ebpf-personas-controller: record {broken} is not there, or not as it was written.");
            return 1;
        }

        if (hash is not null && found.Expected != hash)
        {
            await errors.WriteLineAsync(
                $"ebpf-personas-controller: record {sequence} is not the one that is expected: the chain was cut off " +
                "or written anew.");
            return 1;
        }

        await output.WriteLineAsync(found.Last is { } last
            ? string.Create(
                CultureInfo.InvariantCulture, $"{last.Sequence}:{Convert.ToHexStringLower(last.Hash.Span)}")
            : "0:");
        return 0;
    }

    private static bool TryReadExpectation(string? text, out long sequence, out string? hash)
    {
        (sequence, hash) = (0, null);
        if (text is null)
        {
            return true;
        }

        var parts = text.Split(':');
        hash = parts[^1];
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out sequence)
            && (sequence == 0 || hash.Length == 64);
    }
}

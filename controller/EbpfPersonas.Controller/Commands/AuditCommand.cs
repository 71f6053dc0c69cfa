using System.Globalization;
using EbpfPersonas.Controller.Store.Sqlite;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// <c>audit verify</c>: follows the chain. Records cut off at its end leave no trace in it: whoever keeps the line that
/// this prints elsewhere can ask for that record with --expect.
/// </summary>
internal static class AuditCommand
{
    private const string Usage = "audit verify [--expect SEQUENCE:HASH] [--config FILE]";

    /// <summary>
    /// Prints the last record's number and hash; gives 0, or 1 where something is not as it was written. Writes
    /// nothing, and makes nothing.
    /// </summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        var read = CommandArguments.Read(arguments, ["expect"], Usage);
        if (read.Words is [not "verify", ..])
        {
            read.Problem($"Usage: {ControllerCommand.Program} {Usage}");
        }

        if (!TryReadExpectation(read["expect"], out var sequence, out var hash))
        {
            read.Problem("--expect is a line that this command printed: SEQUENCE:HASH.");
        }

        if (read.Settings is not { } settings)
        {
            return await read.RefuseAsync(errors);
        }

        if (!File.Exists(settings.Store))
        {
            throw new InvalidOperationException($"There is no store at {settings.Store}.");
        }

        var found = await new SqliteAudit(SqliteConnections.ForReading(settings.Store)).VerifyAsync(sequence);
        if (found.Broken is { } broken)
        {
            throw new InvalidDataException($"record {broken} is not there, or not as it was written.");
        }

        if (sequence > 0 && found.Expected != hash)
        {
            throw new InvalidDataException(
                $"record {sequence} is not the one that is expected: the chain was cut off or written anew.");
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

using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Commands;

/// <summary>What the program does, by its first word.</summary>
internal static class ControllerCommand
{
    /// <summary>Stands in front of what a command says is wrong.</summary>
    public const string Program = "ebpf-personas-controller";

    /// <summary>Gives the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(errors);
        try
        {
            return arguments switch
            {
                ["ca", .. var rest] => await CaCommand.RunAsync(rest, output, errors),
                ["token", .. var rest] => await TokenCommand.RunAsync(rest, output, errors),
                ["audit", .. var rest] => await AuditCommand.RunAsync(rest, output, errors),
                _ => await ServeCommand.RunAsync(arguments, errors),
            };
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or SqliteException or InvalidDataException
                or InvalidOperationException)
        {
            // An address that is taken, a folder that cannot be written: the sentence is enough, a stack trace would
            // hide it.
            await errors.WriteLineAsync($"{Program}: {exception.Message}");
            return 1;
        }
    }
}

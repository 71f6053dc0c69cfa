using EbpfPersonas.Controller.Hosting;
using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Commands;

/// <summary>Without a word in front of the options: the controller itself, until it is told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>Gives the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter errors)
    {
        if (CommandSettings.Read(arguments, errors) is not { } settings)
        {
            return 1;
        }

        try
        {
            await using var app = ControllerApp.Build(settings);
            await ControllerApp.StartAsync(app);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or SqliteException or InvalidDataException
                or InvalidOperationException)
        {
            // An address that is taken, a folder that cannot be written: the sentence is enough, a stack trace would
            // hide it.
            await errors.WriteLineAsync($"{CommandSettings.Program}: cannot start: {exception.Message}");
            return 1;
        }
    }
}

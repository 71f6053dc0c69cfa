using EbpfPersonas.Controller.Hosting;

namespace EbpfPersonas.Controller.Commands;

/// <summary>Without a word in front of the options: the controller itself, until it is told to stop.</summary>
internal static class ServeCommand
{
    private const string Usage = "[--SETTING VALUE]... or one of the commands ca, token and audit";

    /// <summary>Gives the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter errors)
    {
        var read = CommandArguments.Read(arguments, [], Usage, words: 0);
        if (read.Settings is not { } settings)
        {
            return await read.RefuseAsync(errors);
        }

        await using var app = ControllerApp.Build(settings);
        await ControllerApp.StartAsync(app);
        await app.WaitForShutdownAsync();
        return 0;
    }
}

using EbpfPersonas.Controller.Hosting;
using Microsoft.Data.Sqlite;

var problems = new List<string>();
if (SettingsReader.Read(args, Environment.GetEnvironmentVariable, problems) is not { } settings)
{
    problems.ForEach(problem => Console.Error.WriteLine($"ebpf-personas-controller: {problem}"));
    return 1;
}

try
{
    await using var app = ControllerApp.Build(settings);
    await ControllerApp.StartAsync(app, settings);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (
    exception is IOException or UnauthorizedAccessException or SqliteException or InvalidDataException
        or InvalidOperationException)
{
    // An address that is taken, a folder that cannot be written: the sentence is enough, a stack trace would hide it.
    Console.Error.WriteLine($"ebpf-personas-controller: cannot start: {exception.Message}");
    return 1;
}

using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

/// <summary>The programs of the tests of one class.</summary>
public sealed class TestPrograms : CompiledPrograms, IAsyncLifetime
{
    public Task InitializeAsync() => CompileAsync();

    public string Script(string name, string text)
    {
        File.WriteAllText(this[name], text);
        File.SetUnixFileMode(this[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return this[name];
    }

    /// <summary>xunit calls the other one too.</summary>
    public Task DisposeAsync() => Task.CompletedTask;
}

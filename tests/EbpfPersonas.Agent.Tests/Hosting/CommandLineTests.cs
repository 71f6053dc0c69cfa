using EbpfPersonas.Agent.Settings;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Reads_commands_the_file_and_settings()
    {
        var line = CommandLine.Parse(["--config", "/etc/x.json", "--check", "--vm_id", "a", "--attach=tcx"]);

        Assert.Equal((AgentCommand.Check, "/etc/x.json"), (line.Command, line.Config));
        Assert.Equal(("a", "tcx"), (line.Settings["vm_id"], line.Settings["attach"]));
    }

    [Fact]
    public void Without_arguments_the_agent_runs()
    {
        Assert.Equal((AgentCommand.Run, null), (CommandLine.Parse([]).Command, CommandLine.Parse([]).Config));
    }

    [Theory]
    [InlineData("status", AgentCommand.Status)]
    [InlineData("detach", AgentCommand.Detach)]
    [InlineData("attach", AgentCommand.Attach)]
    [InlineData("baseline", AgentCommand.Baseline)]
    [InlineData("resume", AgentCommand.Resume)]
    public void A_command_stands_first_and_takes_settings(string word, object command)
    {
        var line = CommandLine.Parse([word, "--vm_id", "a"]);

        Assert.Equal(((AgentCommand)command, "a"), (line.Command, line.Settings["vm_id"]));
        Assert.Throws<SettingsException>(() => CommandLine.Parse(["--vm_id", "a", word]));
        Assert.Contains($"  {word} ", CommandLine.Help, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_status_comes_as_json()
    {
        Assert.True(CommandLine.Parse(["status", "--json"]).Json);
        Assert.False(CommandLine.Parse(["status"]).Json);
        Assert.Throws<SettingsException>(() => CommandLine.Parse(["detach", "--json"]));
    }

    [Fact]
    public void All_errors_come_at_once()
    {
        var wrong = Assert.Throws<SettingsException>(() => CommandLine.Parse(["run", "--vm-id", "--config"]));

        Assert.Equal(["run", "--vm-id", "--config"], wrong.Errors.Select(error => error.Split(':')[0]));
    }

    [Fact]
    public void The_help_names_every_setting()
    {
        Assert.All(
            SettingsReader.Keys,
            key => Assert.Contains($"  {key} ", CommandLine.Help, StringComparison.Ordinal));
    }
}

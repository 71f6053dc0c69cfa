using EbpfPersonas.Agent.Hosting;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;

CoreFiles.Forbid();

try
{
    var command = CommandLine.Parse(args);
    return command.Command switch
    {
        AgentCommand.Help => Print(CommandLine.Help),
        AgentCommand.Version => Print($"ebpf-personas-agent {AgentGreeting.Version}"),
        AgentCommand.Check => await StartUp.CheckAsync(command),
        AgentCommand.Status or AgentCommand.Detach or AgentCommand.Attach or AgentCommand.Baseline
            or AgentCommand.Resume => await StartUp.CommandAsync(command),
        _ => await StartUp.RunAsync(command),
    };
}
catch (SettingsException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 1;
}

static int Print(string text)
{
    Console.WriteLine(text);
    return 0;
}

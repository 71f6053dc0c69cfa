using EbpfPersonas.Agent.Tests.State;

return args is ["write-state", var folder, var step] ? StateWriter.Run(folder, int.Parse(step)) : 1;

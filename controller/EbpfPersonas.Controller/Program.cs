using EbpfPersonas.Controller.Commands;
using EbpfPersonas.Controller.Hosting;

CoreFiles.LeaveOutMemory();
return await ControllerCommand.RunAsync(args, Console.Out, Console.Error);

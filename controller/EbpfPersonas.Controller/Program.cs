using EbpfPersonas.Controller.Commands;
using EbpfPersonas.Controller.Hosting;

CoreFiles.LeaveOutMemory();
return args switch
{
    ["ca", .. var rest] => CaCommand.Run(rest, Console.Out, Console.Error),
    ["token", .. var rest] => await TokenCommand.RunAsync(rest, Console.Out, Console.Error),
    ["audit", .. var rest] => await AuditCommand.RunAsync(rest, Console.Out, Console.Error),
    _ => await ServeCommand.RunAsync(args, Console.Error),
};

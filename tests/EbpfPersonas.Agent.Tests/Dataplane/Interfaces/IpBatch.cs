using System.Diagnostics;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>
/// An ip(8) that runs in a lab host and takes command after command: none waits for a process to start.
/// </summary>
internal sealed class IpBatch : IDisposable
{
    private readonly Process _process;

    public IpBatch(string namespacePath)
    {
        var start = new ProcessStartInfo("nsenter", [$"--net={namespacePath}", "--", "ip", "-batch", "-"])
        {
            RedirectStandardInput = true,
        };
        _process = Process.Start(start)!;
        _process.StandardInput.AutoFlush = true;
    }

    public IpBatch(LabHost host)
        : this(host.NamespacePath)
    {
    }

    /// <summary>Does not wait for its end.</summary>
    public void Run(string command) => _process.StandardInput.Write(command + "\n");

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}

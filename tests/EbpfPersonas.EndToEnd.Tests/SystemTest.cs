using System.Net.Sockets;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Prometheus;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>
/// A VM, a database and a controller on one network, with the real controller running and the agent at hand.
/// </summary>
public abstract class SystemTest : LabTest
{
    protected const string Vm = "vm-1";
    protected const string VmAddress = "10.0.0.5";
    protected const string DbAddress = "10.0.0.10";
    protected const string ControllerAddress = "10.0.0.2";

    /// <summary>Denies all, in both directions; what the controller needs passes by failsafe alone.</summary>
    protected const string DenyAll =
        """{"name":"deny_all","network_profile":{"default_action":{"ingress":"deny","egress":"deny"}}}""";

    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Shorter than the second after which a dropped SYN is repeated.</summary>
    protected static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(800);

    private ControllerProcess? _controller;
    private AgentProcess? _agent;

    protected LabHost VmHost { get; private set; } = null!;

    protected LabHost DbHost { get; private set; } = null!;

    protected LabHost ControllerHost { get; private set; } = null!;

    protected ControllerProcess Controller => _controller!;

    protected ControllerClient Api => _controller!.Api;

    protected AgentProcess Agent => _agent!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        try
        {
            VmHost = await Lab.AddHostAsync("vm", VmAddress + "/24", "2001:db8::5/64");
            DbHost = await Lab.AddHostAsync("db", DbAddress + "/24", "2001:db8::10/64");
            ControllerHost = await Lab.AddHostAsync("controller", ControllerAddress + "/24");
            _controller = await StartControllerAsync();
        }
        catch
        {
            // xunit disposes only what was initialised.
            await DisposeAsync();
            throw;
        }
    }

    public override async Task DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    /// <summary>
    /// Starts the agent; its metrics are where a Prometheus server outside the VM reaches them, if so told.
    /// </summary>
    protected async Task StartAgentAsync(
        string attach = "auto", int policyMemoryMib = 16, string activation = "kernel",
        ScrapedAddress? metrics = null) =>
        _agent = await AgentProcess.StartAsync(
            VmHost, Vm, Controller, metrics: metrics, attach: attach, policyMemoryMib: policyMemoryMib,
            activation: activation);

    /// <summary>Uploads a persona and pins it on the VM; returns when the kernel enforces it.</summary>
    protected async Task PinAsync(string name, string document)
    {
        await Api.PutPersonaAsync(name, document);
        await Api.ActivateAsync(Vm, name);
        await Api.WaitUntilRealisedAsync(Vm, name);
    }

    protected static async Task AssertReachesAsync(LabHost from, string address, int port) =>
        Assert.Equal(SocketError.Success, await from.TryConnectAsync(address, port, Patience));

    protected static async Task AssertDoesNotReachAsync(LabHost from, string address, int port) =>
        Assert.Equal(SocketError.TimedOut, await from.TryConnectAsync(address, port, ShortPatience));

    protected virtual Task<ControllerProcess> StartControllerAsync() =>
        ControllerProcess.StartAsync(ControllerHost, ControllerAddress);
}

using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// A VM gets its address and keeps it under a persona that denies everything: busybox's DHCP client, which takes in
/// what passed the filter, and its server.
/// </summary>
public sealed class DhcpTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dhcp");
    private Lab _lab = null!;
    private LabHost _vm = null!;
    private LabHost _server = null!;
    private RunningProcess _daemon = null!;

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm");
        _server = await _lab.AddHostAsync("server", "10.0.0.2/24");
        await File.WriteAllTextAsync(
            InFolder("client"),
            """
            #!/bin/sh
            case $1 in
            bound | renew) ip address replace "$ip/24" dev "$interface" ;;
            deconfig) ip address flush dev "$interface" scope global ;;
            esac
            echo "$1 $ip"
            """);
        File.SetUnixFileMode(
            InFolder("client"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(
            InFolder("server"),
            $"""
            start 10.0.0.50
            end 10.0.0.50
            interface eth0
            lease_file {InFolder("leases")}
            pidfile {InFolder("pid")}
            option subnet 255.255.255.0
            option lease 120
            """ + "\n");
        await File.WriteAllTextAsync(InFolder("leases"), "");
        _daemon = _server.Start("busybox", ["udhcpd", "-f", "-a", "100", InFolder("server")]);
        await _daemon.WaitForOutputAsync("started", Patience);
    }

    public async Task DisposeAsync()
    {
        await _daemon.DisposeAsync();
        await _lab.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Under_deny_everything_an_address_is_got_and_kept(AttachMode mode)
    {
        using var dataplane = Attach(mode, BpfImages.Filter());
        dataplane.Apply(1, DenyingPersona.Everything);

        // By broadcast, from 0.0.0.0.
        await using var client = StartClient();
        await client.WaitForOutputAsync("bound 10.0.0.50", Patience);

        // From the address to the server alone, as after half of the lease.
        client.Signal(LibC.SIGUSR1);
        await client.WaitForOutputAsync("renew 10.0.0.50", Patience);
        Assert.Contains("sending renew to server 10.0.0.2", client.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_failsafe_no_address_is_got()
    {
        using var dataplane = Attach(AttachMode.Auto, TestObjects.Program("failsafe_removed"));
        dataplane.Apply(1, DenyingPersona.Everything);

        await using var client = StartClient();

        Assert.NotEqual(0, await client.WaitForExitAsync(Patience));
        Assert.DoesNotContain("bound", client.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_failsafe_no_address_is_kept()
    {
        using var dataplane = Attach(AttachMode.Auto, TestObjects.Program("failsafe_removed"));
        await using var client = StartClient();
        await client.WaitForOutputAsync("bound 10.0.0.50", Patience);
        client.Signal(LibC.SIGUSR1);
        await client.WaitForOutputAsync("renew 10.0.0.50", Patience);

        dataplane.Apply(1, DenyingPersona.Everything);
        client.Signal(LibC.SIGUSR1);

        await Assert.ThrowsAsync<TimeoutException>(
            () => client.WaitForOutputAsync("renew 10.0.0.50\nrenew 10.0.0.50", Window));
        Assert.Equal(1, Occurrences(client.Output, "renew 10.0.0.50"));
    }

    /// <summary>What else a client and its servers say, and what only looks like it.</summary>
    [Theory]
    [InlineData("udp local:68 > 10.0.0.2:67 payload=240", Reason.Failsafe)]
    [InlineData("udp local:68 > 255.255.255.255:67 payload=240", Reason.Failsafe)]
    [InlineData("udp 10.0.0.2:67 > local:68 payload=240", Reason.Failsafe)]
    [InlineData("udp 10.9.9.9:67 > local:68 payload=240", Reason.Failsafe)]
    [InlineData("udp local:546 > [ff02::1:2]:547 payload=60", Reason.Failsafe)]
    [InlineData("udp local:546 > [2001:db8::9]:547 payload=60", Reason.Failsafe)]
    [InlineData("udp [fe80::9]:547 > local:546 payload=60", Reason.Failsafe)]
    [InlineData("udp local:67 > 10.0.0.2:68 payload=240", Reason.DefaultDeny)]
    [InlineData("udp 10.0.0.2:68 > local:67 payload=240", Reason.DefaultDeny)]
    [InlineData("udp local:69 > 10.0.0.2:67 payload=240", Reason.DefaultDeny)]
    [InlineData("udp 10.0.0.2:67 > local:69 payload=240", Reason.DefaultDeny)]
    [InlineData("tcp local:68 > 10.0.0.2:67", Reason.DefaultDeny)]
    [InlineData("udp local:547 > [ff02::1:2]:546 payload=60", Reason.DefaultDeny)]
    [InlineData("udp [fe80::9]:546 > local:547 payload=60", Reason.DefaultDeny)]
    [InlineData("udp local:68 > [2001:db8::9]:67 payload=240", Reason.DefaultDeny)]
    [InlineData("udp local:546 > 10.0.0.2:547 payload=60", Reason.DefaultDeny)]
    public void A_clients_ports_pass_and_no_others(string packet, Reason reason)
    {
        using var filter = new KernelFilter(TestObjects.Program("verdict"));
        filter.Use(DenyingPersona.Everything);
        var parsed = PacketParser.Parse(packet);

        var said = filter.Judge(parsed.Direction, Frame.Build(parsed));

        Assert.Equal((reason, reason == Reason.Failsafe), (said.Reason, said.Passed));
    }

    private RunningProcess StartClient() =>
        _vm.Start("busybox", ["udhcpc", "-f", "-n", "-t", "4", "-T", "1", "-i", "eth0", "-s", InFolder("client")]);

    private PersonaDataplane Attach(AttachMode mode, byte[] filter) => _vm.RunInside(() =>
    {
        var loaded = PersonaDataplane.Load(new DataplaneOptions { Attach = mode, FilterImage = filter });
        loaded.Attach();
        return loaded;
    });

    private static int Occurrences(string text, string line) =>
        text.Split('\n').Count(next => next == line);

    private string InFolder(string name) => Path.Combine(_folder.FullName, name);
}

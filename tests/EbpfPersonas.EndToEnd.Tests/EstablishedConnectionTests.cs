using System.Net.Sockets;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>What becomes of TCP connections that are open when the persona changes.</summary>
public sealed class EstablishedConnectionTests : SystemTest
{
    private const string AllowsSsh =
        """
        {"name":"allows_ssh","network_profile":{
          "allowed_ingress":[{"name":"ssh","protocol":"tcp","port":22}],
          "allowed_egress":[{"name":"db","protocol":"tcp","port":3306}]}}
        """;

    private const string AlsoAllowsSsh =
        """
        {"name":"also_allows_ssh","network_profile":{
          "allowed_ingress":[{"name":"management","protocol":"tcp","ports":["20-30"],"source":"10.0.0.0/24"}],
          "allowed_egress":[]}}
        """;

    private const string KeepsEstablished =
        """
        {"name":"keeps","network_profile":{"default_action":{"ingress":"deny","egress":"deny"}},
         "lifecycle":{"on_activation":"keep_established"}}
        """;

    [Fact]
    public async Task Installing_the_agent_does_not_break_an_open_connection_that_the_first_persona_allows()
    {
        using var ssh = await TcpConversation.OpenAsync(DbHost, VmHost, VmAddress, 22);
        Assert.True(await TcpConversation.CarriesAsync(ssh.Client, ssh.Server, Patience));

        await StartAgentAsync();
        await PinAsync("allows_ssh", AllowsSsh);

        await AssertUndisturbedAsync(ssh);
        // The persona is in force: a port that it does not allow is closed, though somebody listens there.
        using var listener = VmHost.Listen(VmAddress, 2222);
        await AssertDoesNotReachAsync(DbHost, VmAddress, 2222);
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public async Task A_connection_that_the_next_persona_allows_goes_on_without_a_retransmission(string attach)
    {
        await StartAgentAsync(attach);
        await PinAsync("allows_ssh", AllowsSsh);
        using var ssh = await TcpConversation.OpenAsync(DbHost, VmHost, VmAddress, 22);
        await AssertUndisturbedAsync(ssh);

        await PinAsync("also_allows_ssh", AlsoAllowsSsh);

        await AssertUndisturbedAsync(ssh);
    }

    [Theory]
    [InlineData("tcx", true)]
    [InlineData("tcx", false)]
    [InlineData("clsact", true)]
    [InlineData("clsact", false)]
    public async Task A_connection_that_the_next_persona_denies_is_cut_at_its_first_packet(
        string attach, bool clientSpeaks)
    {
        var (ssh, query) = await OpenBothWaysAsync(attach);
        using var first = ssh;
        using var second = query;

        await PinAsync("deny_all", DenyAll);

        foreach (var conversation in new[] { ssh, query })
        {
            var (from, to) = Speaking(conversation, clientSpeaks);
            Assert.False(await TcpConversation.CarriesAsync(from, to, ShortPatience));
        }
    }

    [Theory]
    [InlineData("tcx", true)]
    [InlineData("tcx", false)]
    [InlineData("clsact", true)]
    [InlineData("clsact", false)]
    public async Task A_persona_that_keeps_established_flows_cuts_no_connection_and_lets_no_new_one_in(
        string attach, bool clientSpeaks)
    {
        var (ssh, query) = await OpenBothWaysAsync(attach);
        using var first = ssh;
        using var second = query;

        await PinAsync("keeps", KeepsEstablished);

        foreach (var conversation in new[] { ssh, query })
        {
            var (from, to) = Speaking(conversation, clientSpeaks);
            Assert.True(await TcpConversation.CarriesAsync(from, to, Patience));
            await AssertUndisturbedAsync(conversation);
        }

        using var listener = VmHost.Listen(VmAddress, 22);
        await AssertDoesNotReachAsync(DbHost, VmAddress, 22);

        // The same rules without that word cut what the persona before kept.
        await PinAsync("deny_all", DenyAll);
        Assert.False(await TcpConversation.CarriesAsync(ssh.Client, ssh.Server, ShortPatience));
        Assert.False(await TcpConversation.CarriesAsync(query.Client, query.Server, ShortPatience));
    }

    /// <summary>One connection in each direction, so that the originator is once the VM and once its peer.</summary>
    private async Task<(TcpConversation Ssh, TcpConversation Query)> OpenBothWaysAsync(string attach)
    {
        await StartAgentAsync(attach);
        await PinAsync("allows_ssh", AllowsSsh);
        var ssh = await TcpConversation.OpenAsync(DbHost, VmHost, VmAddress, 22);
        var query = await TcpConversation.OpenAsync(VmHost, DbHost, DbAddress, 3306);
        await AssertUndisturbedAsync(ssh);
        await AssertUndisturbedAsync(query);
        return (ssh, query);
    }

    private static (Socket From, Socket To) Speaking(TcpConversation conversation, bool clientSpeaks) => clientSpeaks
        ? (conversation.Client, conversation.Server)
        : (conversation.Server, conversation.Client);

    /// <summary>
    /// Data flows both ways, at once, and no segment had to be sent twice since the connection began.
    /// </summary>
    private static async Task AssertUndisturbedAsync(TcpConversation conversation)
    {
        for (var round = 0; round < 20; round++)
        {
            Assert.True(await TcpConversation.CarriesAsync(conversation.Client, conversation.Server, Patience));
            Assert.True(await TcpConversation.CarriesAsync(conversation.Server, conversation.Client, Patience));
        }

        foreach (var end in new Socket[] { conversation.Client, conversation.Server })
        {
            Assert.Equal(0u, TcpConversation.TotalRetransmissions(end));
        }
    }
}

using System.Net;
using EbpfPersonas.Agent.Link;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Link;

public sealed class AddressCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpf-personas-state-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Keeps_addresses_over_a_restart_and_only_for_the_name_they_belong_to()
    {
        IPAddress[] addresses = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("2001:db8::1")];
        new AddressCache(Path.Join(_folder, "new")).Save("controller.example", addresses);

        Assert.Equal(addresses, new AddressCache(Path.Join(_folder, "new")).Load("controller.example"));
        Assert.Empty(new AddressCache(Path.Join(_folder, "new")).Load("other.example"));
        Assert.Equal(
            "controller-addresses",
            Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Join(_folder, "new")))));
    }

    [Fact]
    public void A_damaged_file_gives_what_can_be_read_of_it()
    {
        File.WriteAllText(Path.Join(_folder, "controller-addresses"), "controller.example\n10.0.0.1\n\u0000garbage\n");

        Assert.Equal([IPAddress.Parse("10.0.0.1")], new AddressCache(_folder).Load("controller.example"));
    }

    [Fact]
    public void Resolvers_come_from_resolv_conf_without_loopback()
    {
        var file = Path.Join(_folder, "resolv.conf");
        File.WriteAllText(
            file,
            "search example\nnameserver 127.0.0.53\nnameserver 10.0.0.53\n#nameserver 10.0.0.54\n" +
            "\tnameserver   fe80::1%eth0\nnameserver\n");

        Assert.Equal(
            [IPAddress.Parse("10.0.0.53"), IPAddress.Parse("fe80::1")],
            Resolvers.Read([file, file + ".missing"]));
    }
}

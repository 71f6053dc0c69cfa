using EbpfPersonas.Agent.Hosting;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.TestKit.Kernel;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Hosting;

public sealed class PinRootTests
{
    [Theory]
    [InlineData("/var/lib/ebpf-personas-nowhere/vm")]
    [InlineData("/sys/fs")]
    public void A_place_on_another_file_system_is_refused_by_the_name_of_the_setting(string path)
    {
        var refused = Assert.Throws<SettingsException>(() => PinRoot.Require(path));

        Assert.StartsWith($"pin_root: {path} is not on a BPF file system", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bpffs_will_do_and_folders_in_it_that_are_not_there_yet()
    {
        await using var pins = await BpfFileSystem.MountAsync();

        PinRoot.Require(pins.Path);
        PinRoot.Require(Path.Join(pins.Path, "ebpf-personas", "vm"));
        PinRoot.Require(null);
        Assert.Throws<SettingsException>(() => PinRoot.Require(pins.Path + "x"));
    }
}

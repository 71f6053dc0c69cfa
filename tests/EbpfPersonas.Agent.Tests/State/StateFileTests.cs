using EbpfPersonas.Agent.Link;
using Xunit;

namespace EbpfPersonas.Agent.Tests.State;

public sealed class StateFileTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 7))];

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpf-personas-state-").FullName;
    private readonly string _file;

    public StateFileTests()
    {
        _file = Path.Join(_folder, "state");
        StateFile.Write(_file, Content, durable: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Gives_back_what_was_written()
    {
        Assert.Equal(Content, StateFile.Read(_file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Nothing_is_content_too()
    {
        StateFile.Write(_file, [], durable: false);

        Assert.Empty(StateFile.Read(_file));
    }

    [Fact]
    public void Is_not_believed_when_it_was_cut_at_any_length()
    {
        var whole = File.ReadAllBytes(_file);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_file, whole[..length]);
            Assert.Equal(StateFault.Truncated, FaultOf(_file));
        }
    }

    [Fact]
    public void Is_not_believed_when_any_bit_is_another()
    {
        var whole = File.ReadAllBytes(_file);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = (byte[])whole.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(_file, flipped);
            Assert.Contains(
                FaultOf(_file), (StateFault[])[StateFault.Damaged, StateFault.Format, StateFault.Truncated]);
        }
    }

    [Fact]
    public void Is_not_believed_when_something_follows_or_all_is_zero()
    {
        var whole = File.ReadAllBytes(_file);
        File.WriteAllBytes(_file, [.. whole, 0]);
        Assert.Equal(StateFault.Damaged, FaultOf(_file));

        // What some file systems leave of a file after a power cut.
        File.WriteAllBytes(_file, new byte[whole.Length]);
        Assert.Equal(StateFault.Damaged, FaultOf(_file));
    }

    [Fact]
    public void Says_what_kind_of_file_it_is_not()
    {
        Assert.Equal(StateFault.Missing, FaultOf(_file + ".none"));
        Assert.Equal(StateFault.Missing, FaultOf(Path.Join(_folder, "none", "state")));
        Directory.CreateDirectory(_file + ".folder");
        Assert.Equal(StateFault.Unreadable, FaultOf(_file + ".folder"));
        using (var large = File.Create(_file + ".large"))
        {
            large.SetLength(StateFile.ContentMax + StateFile.HeaderLength + 1L);
        }

        Assert.Equal(StateFault.Oversized, FaultOf(_file + ".large"));
    }

    [Fact]
    public void What_a_dead_process_left_beside_is_overwritten()
    {
        File.WriteAllBytes(_file + StateFile.BesideSuffix, [1, 2, 3]);
        StateFile.Write(_file, [9], durable: true);

        Assert.Equal([9], StateFile.Read(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder));
    }

    private static StateFault FaultOf(string path) =>
        Assert.Throws<StateFileException>(() => StateFile.Read(path)).Fault;
}

using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activity;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

public sealed class ProcessRecordTests
{
    [Fact]
    public void Decodes_path_and_executable_behind_the_head()
    {
        var record = ProcessRecord.Decode(
            Record(new ProcessEvent { Pid = 7, PathLength = 2, ExecutableLength = 4 }, "/a/b/c"u8));

        Assert.Equal(("/a", "/b/c", 7u), (record.Path, record.Executable, record.Event.Pid));
    }

    [Fact]
    public void Octets_that_are_no_text_match_no_name()
    {
        Assert.Equal(
            "m\uFFFDysql",
            ProcessRecord.Decode(Record(new ProcessEvent { PathLength = 7 }, [.. "m"u8, 0xff, .. "ysql"u8, 0x80]))
                .Path[..6]);
    }

    [Fact]
    public void Refuses_records_that_are_cut_off_or_too_long()
    {
        Assert.Throws<InvalidDataException>(() => ProcessRecord.Decode(new byte[8]));
        Assert.Throws<InvalidDataException>(
            () => ProcessRecord.Decode(Record(new ProcessEvent { PathLength = 3 }, "ab"u8)));
        Assert.Throws<InvalidDataException>(() => ProcessRecord.Decode(Record(default, "ab"u8)));
    }

    private static byte[] Record(ProcessEvent head, ReadOnlySpan<byte> text) =>
        [.. MemoryMarshal.AsBytes(new ReadOnlySpan<ProcessEvent>(in head)), .. text];
}

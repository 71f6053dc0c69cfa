using EbpfPersonas.Agent.Activity;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Activity;

public sealed class UserNamesTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Takes_the_first_name_of_a_uid_and_skips_lines_that_are_none()
    {
        File.WriteAllLines(
            _file,
            [
                "root:x:0:0:root:/root:/bin/bash", "toor:x:0:0::/:", "# comment", "+::::::",
                "mysql:x:104:110:,,,:/nonexistent:/bin/false", "bad:x:-1:0::/:"
            ]);
        var names = new UserNames(_file);
        names.Refresh();

        Assert.Equal("root", names.NameOf(0));
        Assert.Equal("mysql", names.NameOf(104));
        Assert.Equal(string.Empty, names.NameOf(uint.MaxValue));
    }

    [Fact]
    public void Reads_again_when_the_file_changed_and_keeps_the_names_when_it_is_gone()
    {
        File.WriteAllText(_file, "old:x:7:7::/:\n");
        var names = new UserNames(_file);
        names.Refresh();
        File.WriteAllText(_file, "new:x:7:7::/:\n");
        File.SetLastWriteTimeUtc(_file, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("old", names.NameOf(7));

        names.Refresh();
        Assert.Equal("new", names.NameOf(7));

        File.Delete(_file);
        names.Refresh();
        Assert.Equal("new", names.NameOf(7));
    }
}

using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class TriggerTests
{
    /// <summary>Debian's client: a symlink to the program of another name.</summary>
    private static readonly ProcessImage Mysql = new("/usr/bin/mysql", "/usr/bin/mariadb", 1000, "alice");

    /// <summary>A script: the kernel ran an interpreter, which names nothing.</summary>
    private static readonly ProcessImage Script = new("/opt/backup.sh", "", 0, "root");

    /// <summary>fexecve: there was no path.</summary>
    private static readonly ProcessImage Descriptor = new("", "/usr/bin/mariadb", 0, "root");

    [Theory]
    [InlineData("mysql", true)]
    [InlineData("mariadb", true)]
    [InlineData("MySQL", false)]
    [InlineData("mysqld", false)]
    [InlineData("sql", false)]
    [InlineData("/usr/bin/mysql", false)]
    [InlineData("", false)]
    public void Name_is_the_exact_basename_as_executed_or_as_resolved(string name, bool matches) =>
        Assert.Equal(matches, new Trigger { ProcessName = name }.Matches(Mysql));

    [Theory]
    [InlineData("/usr/bin/mysql", true)]
    [InlineData("/usr/bin/mariadb", true)]
    [InlineData("/usr/local/bin/mysql", false)]
    [InlineData("mysql", false)]
    [InlineData("/usr/bin/", false)]
    [InlineData("/usr/bin/*", false)]
    public void Path_is_the_exact_path_as_executed_or_as_resolved(string path, bool matches) =>
        Assert.Equal(matches, new Trigger { ProcessPath = path }.Matches(Mysql));

    [Theory]
    [InlineData("backup.sh", true)]
    [InlineData("bash", false)]
    [InlineData("dash", false)]
    public void A_script_is_named_by_itself_and_not_by_its_interpreter(string name, bool matches) =>
        Assert.Equal(matches, new Trigger { ProcessName = name }.Matches(Script));

    [Fact]
    public void A_program_run_from_a_descriptor_is_named_by_its_file()
    {
        Assert.True(new Trigger { ProcessName = "mariadb" }.Matches(Descriptor));
        Assert.True(new Trigger { ProcessPath = "/usr/bin/mariadb" }.Matches(Descriptor));
        Assert.False(new Trigger { ProcessName = "mysql" }.Matches(Descriptor));
    }

    [Fact]
    public void A_relative_path_has_a_basename_too()
    {
        Assert.True(new Trigger { ProcessName = "mysql" }.Matches(Mysql with { Path = "mysql", Executable = "" }));
        Assert.True(new Trigger { ProcessName = "mysql" }.Matches(
            Mysql with { Path = "./bin/mysql", Executable = "" }));
        Assert.False(new Trigger { ProcessName = "mysql" }.Matches(Mysql with { Path = "mysql/", Executable = "" }));
    }

    [Theory]
    [InlineData("alice", true)]
    [InlineData("1000", true)]
    [InlineData("Alice", false)]
    [InlineData("0", false)]
    [InlineData("01000", false)]
    [InlineData("", false)]
    public void User_is_a_name_or_a_number(string user, bool matches) =>
        Assert.Equal(matches, new Trigger { User = user }.Matches(Mysql));

    [Fact]
    public void Every_part_has_to_hold()
    {
        var trigger = new Trigger { ProcessName = "mysql", ProcessPath = "/usr/bin/mysql", User = "alice" };
        Assert.True(trigger.Matches(Mysql));
        Assert.False(trigger.Matches(Mysql with { UserId = 1001, UserName = "bob" }));
        Assert.False((trigger with { ProcessPath = "/usr/bin/psql" }).Matches(Mysql));
        Assert.False((trigger with { ProcessName = "psql" }).Matches(Mysql));
    }

    [Fact]
    public void Without_any_part_nothing_triggers()
    {
        Assert.True(new Trigger().IsEmpty);
        Assert.False(new Trigger().Matches(Mysql));
        Assert.False(new Trigger { User = "" }.IsEmpty);
    }

    [Theory]
    [InlineData("process_name")]
    [InlineData("process_path")]
    [InlineData("user")]
    public void An_empty_word_matches_no_process_that_lacks_the_part(string part)
    {
        var trigger = new Trigger
        {
            ProcessName = part == "process_name" ? "" : null,
            ProcessPath = part == "process_path" ? "" : null,
            User = part == "user" ? "" : null,
        };
        Assert.False(trigger.Matches(new ProcessImage("", "", 4242, "")));
    }
}

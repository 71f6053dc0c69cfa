using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class ProcessConditionTests
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
        Assert.Equal(matches, new ProcessCondition { ProcessName = name }.Matches(Mysql));

    [Theory]
    [InlineData("/usr/bin/mysql", true)]
    [InlineData("/usr/bin/mariadb", true)]
    [InlineData("/usr/local/bin/mysql", false)]
    [InlineData("mysql", false)]
    [InlineData("/usr/bin/", false)]
    [InlineData("/usr/bin/*", false)]
    public void Path_is_the_exact_path_as_executed_or_as_resolved(string path, bool matches) =>
        Assert.Equal(matches, new ProcessCondition { ProcessPath = path }.Matches(Mysql));

    [Theory]
    [InlineData("backup.sh", true)]
    [InlineData("bash", false)]
    [InlineData("dash", false)]
    public void A_script_is_named_by_itself_and_not_by_its_interpreter(string name, bool matches) =>
        Assert.Equal(matches, new ProcessCondition { ProcessName = name }.Matches(Script));

    [Fact]
    public void A_program_run_from_a_descriptor_is_named_by_its_file()
    {
        Assert.True(new ProcessCondition { ProcessName = "mariadb" }.Matches(Descriptor));
        Assert.True(new ProcessCondition { ProcessPath = "/usr/bin/mariadb" }.Matches(Descriptor));
        Assert.False(new ProcessCondition { ProcessName = "mysql" }.Matches(Descriptor));
    }

    [Fact]
    public void A_relative_path_has_a_basename_too()
    {
        var condition = new ProcessCondition { ProcessName = "mysql" };
        Assert.True(condition.Matches(Mysql with { Path = "mysql", Executable = "" }));
        Assert.True(condition.Matches(Mysql with { Path = "./bin/mysql", Executable = "" }));
        Assert.False(condition.Matches(Mysql with { Path = "mysql/", Executable = "" }));
    }

    [Theory]
    [InlineData("alice", true)]
    [InlineData("1000", true)]
    [InlineData("Alice", false)]
    [InlineData("0", false)]
    [InlineData("01000", false)]
    [InlineData("", false)]
    public void User_is_a_name_or_a_number(string user, bool matches) =>
        Assert.Equal(matches, new ProcessCondition { User = user }.Matches(Mysql));

    [Fact]
    public void Every_part_has_to_hold()
    {
        var trigger = new ProcessCondition { ProcessName = "mysql", ProcessPath = "/usr/bin/mysql", User = "alice" };
        Assert.True(trigger.Matches(Mysql));
        Assert.False(trigger.Matches(Mysql with { UserId = 1001, UserName = "bob" }));
        Assert.False((trigger with { ProcessPath = "/usr/bin/psql" }).Matches(Mysql));
        Assert.False((trigger with { ProcessName = "psql" }).Matches(Mysql));
    }

    [Fact]
    public void Without_any_part_nothing_triggers()
    {
        Assert.True(new ProcessCondition().IsEmpty);
        Assert.False(new ProcessCondition().Matches(Mysql));
        Assert.False(new ProcessCondition { User = "" }.IsEmpty);
    }

    [Theory]
    [InlineData("sshd", true)]
    [InlineData("ssh", false)]
    [InlineData("/usr/sbin/sshd", true)]
    [InlineData("/usr/bin/sshd", false)]
    [InlineData("", false)]
    public void A_parent_is_a_basename_or_with_a_slash_a_path(string parent, bool matches)
    {
        var condition = new ProcessCondition { ParentProcess = parent };

        Assert.Equal(matches, condition.Matches(Mysql with { Parent = new ParentImage("/usr/sbin/sshd", "") }));
        Assert.Equal(matches, condition.Matches(Mysql with { Parent = new ParentImage("", "/usr/sbin/sshd") }));
        Assert.False(condition.Matches(Mysql));
        Assert.False(condition.Matches(Mysql with { Path = "/usr/sbin/sshd" }));
    }

    [Fact]
    public void A_condition_that_asks_no_more_than_another_is_known_as_such()
    {
        var name = new ProcessCondition { ProcessName = "mysql" };
        var both = name with { User = "alice" };

        Assert.True(name.AsksNoMoreThan(both));
        Assert.True(name.AsksNoMoreThan(name));
        Assert.False(both.AsksNoMoreThan(name));
        Assert.False((name with { ProcessName = "psql" }).AsksNoMoreThan(both));
        Assert.False(new ProcessCondition().AsksNoMoreThan(both));
    }

    [Theory]
    [InlineData("process_name")]
    [InlineData("process_path")]
    [InlineData("user")]
    [InlineData("parent_process")]
    public void An_empty_word_matches_no_process_that_lacks_the_part(string part)
    {
        var condition = new ProcessCondition
        {
            ProcessName = part == "process_name" ? "" : null,
            ProcessPath = part == "process_path" ? "" : null,
            User = part == "user" ? "" : null,
            ParentProcess = part == "parent_process" ? "" : null,
        };
        var nameless = new ProcessImage("", "", 4242, "");
        Assert.False(condition.Matches(nameless with { Parent = new ParentImage("", "") }));
    }
}

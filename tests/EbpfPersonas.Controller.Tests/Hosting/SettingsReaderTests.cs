using EbpfPersonas.Controller.Hosting;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Hosting;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        File.WriteAllText(
            _file, """{"api_listen":"http://127.0.0.1:1","agents_listen":"http://127.0.0.1:2","store":"/a"}""");

        var settings = Read(
            ["--config", _file, "--store=/c"], ("EBPF_PERSONAS_STORE", "/b"),
            ("EBPF_PERSONAS_AGENTS_LISTEN", "http://[::1]:3"));

        Assert.Equal(
            ("http://127.0.0.1:1", "http://[::1]:3", "/c"),
            (settings!.ApiListen.ToString(), settings.AgentsListen.ToString(), settings.Store));
    }

    [Fact]
    public void Without_anything_it_listens_on_loopback()
    {
        var settings = new ControllerSettings();
        Assert.Equal(
            ("http://127.0.0.1:7070", "http://127.0.0.1:7071"),
            (settings.ApiListen.ToString(), settings.AgentsListen.ToString()));
    }

    [Theory]
    [InlineData("http://192.0.2.1:7070")]
    [InlineData("http://10.0.0.1:7070")]
    [InlineData("http://[::]:7070")]
    public void Plain_HTTP_beyond_loopback_needs_permission(string address)
    {
        Assert.Contains("plain HTTP", Problem("--config", _file, "--api_listen", address), StringComparison.Ordinal);
        Assert.Contains(
            "agents_listen", Problem("--config", _file, "--agents_listen", address), StringComparison.Ordinal);
        Assert.NotNull(Read(["--config", EmptyFile(), "--api_listen", address, "--allow_plaintext", "true"]));
    }

    [Theory]
    [InlineData("https://127.0.0.1:7070", "no https")]
    [InlineData("127.0.0.1:7070", "not an address")]
    [InlineData("http://127.0.0.1", "not an address")]
    [InlineData("http://127.0.0.1:70700", "not an address")]
    [InlineData("http://example.com:80", "not an address")]
    [InlineData("http://127.1:80", "not an address")]
    [InlineData("http://::1:80", "not an address")]
    [InlineData("http://127.0.0.1:80/path", "not an address")]
    public void An_address_that_is_none_is_refused_in_a_sentence(string address, string part) =>
        Assert.Contains(part, Problem("--config", EmptyFile(), "--api_listen", address), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"api_listn":"x"}""", "api_listn")]
    [InlineData("""{"store":1}""", "store: Expected a string")]
    [InlineData("""{"allow_plaintext":"true"}""", "allow_plaintext: Expected true or false")]
    [InlineData("""{"store":"/a","store":"/b"}""", "more than once")]
    [InlineData("""{"store":null}""", "null")]
    [InlineData("[]", "Expected an object")]
    [InlineData("{", "Not JSON")]
    public void A_file_with_an_error_is_refused_in_a_sentence(string json, string part)
    {
        File.WriteAllText(_file, json);
        Assert.Contains(part, Problem("--config", _file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_file_must_be_there() =>
        Assert.Contains("cannot be read", Problem("--config", _file + ".none"), StringComparison.Ordinal);

    [Theory]
    [InlineData("--port", "1")]
    [InlineData("serve")]
    [InlineData("--store")]
    [InlineData("--allow_plaintext", "yes")]
    public void An_argument_that_is_not_understood_is_refused(params string[] arguments) =>
        Assert.NotEmpty(Problem(["--config", EmptyFile(), .. arguments]));

    private static ControllerSettings? Read(string[] arguments, params (string Name, string Value)[] environment)
    {
        var problems = new List<string>();
        return SettingsReader.Read(
            arguments, name => environment.FirstOrDefault(pair => pair.Name == name).Value, problems);
    }

    private string EmptyFile()
    {
        File.WriteAllText(_file, "{}");
        return _file;
    }

    private string Problem(params string[] arguments)
    {
        EmptyFileUnlessWritten();
        var problems = new List<string>();
        Assert.Null(SettingsReader.Read(arguments, _ => null, problems));
        return string.Join('\n', problems);
    }

    private void EmptyFileUnlessWritten()
    {
        if (new FileInfo(_file).Length == 0)
        {
            EmptyFile();
        }
    }
}

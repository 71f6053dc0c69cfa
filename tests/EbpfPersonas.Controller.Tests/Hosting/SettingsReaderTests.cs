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
            _file, """{"api_listen":"http://127.0.0.1:1","agents_listen":"https://127.0.0.1:2","store":"/a"}""");

        var settings = Read(
            ["--config", _file, "--store=/c"], ("EBPF_PERSONAS_STORE", "/b"),
            ("EBPF_PERSONAS_AGENTS_LISTEN", "https://[::1]:3"));

        Assert.Equal(
            ("http://127.0.0.1:1", "https://[::1]:3", "/c"),
            (settings!.ApiListen.ToString(), settings.AgentsListen.ToString(), settings.Store));
    }

    [Fact]
    public void Without_anything_it_listens_on_loopback()
    {
        var settings = new ControllerSettings();
        Assert.Equal(
            ("http://127.0.0.1:7070", "https://127.0.0.1:7071"),
            (settings.ApiListen.ToString(), settings.AgentsListen.ToString()));
    }

    [Theory]
    [InlineData("http://192.0.2.1:7070")]
    [InlineData("http://10.0.0.1:7070")]
    [InlineData("http://[::]:7070")]
    public void Plain_HTTP_is_for_loopback_alone(string address)
    {
        Assert.Contains("plain HTTP", Problem("--config", _file, "--api_listen", address), StringComparison.Ordinal);
        var secure = address.Replace("http", "https", StringComparison.Ordinal);
        Assert.NotNull(Read(["--config", EmptyFile(), "--api_listen", secure]));
    }

    [Fact]
    public void Agents_are_never_served_in_plain_text() => Assert.Contains(
        "only known by TLS", Problem("--config", _file, "--agents_listen", "http://127.0.0.1:7071"),
        StringComparison.Ordinal);

    [Fact]
    public void Identities_are_set_in_the_file_as_on_the_command_line()
    {
        File.WriteAllText(
            _file,
            """
            {"names":["controller.example.com","192.0.2.1"],"ca_certificate":"/c","ca_key":"/k",
              "certificate_lifetime":"10s"}
            """);

        var settings = Read(["--config", _file])!;
        Assert.Equal(
            ("controller.example.com 192.0.2.1", "/c", "/k", TimeSpan.FromSeconds(10)),
            (string.Join(' ', settings.Names), settings.CaCertificate, settings.CaKey, settings.CertificateLifetime));
        Assert.Equal(["a", "::1"], Read(["--config", EmptyFile(), "--names", "a,::1"])!.Names);
    }

    [Theory]
    [InlineData("--certificate_lifetime", "9s", "10s to 30d")]
    [InlineData("--certificate_lifetime", "31d", "10s to 30d")]
    [InlineData("--certificate_lifetime", "1", "10s to 30d")]
    [InlineData("--ca_key", "/k", "go together")]
    [InlineData("--ca_certificate", "/c", "go together")]
    [InlineData("--names", "a b", "neither a DNS name nor an IP address")]
    [InlineData("--names", "10.1", "neither a DNS name nor an IP address")]
    [InlineData("--names", "*.example.com", "neither a DNS name nor an IP address")]
    public void Identities_that_cannot_be_are_refused_in_a_sentence(string option, string value, string part) =>
        Assert.Contains(part, Problem("--config", _file, option, value), StringComparison.Ordinal);

    [Fact]
    public void An_issuer_is_set_in_the_file_as_on_the_command_line()
    {
        File.WriteAllText(_file, """{"oidc_authority":"https://id.example.com/a","oidc_audience":"b"}""");

        var oidc = Read(["--config", _file, "--oidc_role_claim", "r", "--oidc_ca=/c"])!.Oidc!;
        Assert.Equal(
            ("https://id.example.com/a", "b", "tenant", "r", "/c"),
            (oidc.Authority.OriginalString, oidc.Audience, oidc.TenantClaim, oidc.RoleClaim, oidc.AuthoritiesFile));
        Assert.Null(Read(["--config", EmptyFile()])!.Oidc);
    }

    [Theory]
    [InlineData("go together", "--oidc_authority=https://a")]
    [InlineData("go together", "--oidc_audience=a")]
    [InlineData("go together", "--oidc_ca=/a")]
    [InlineData("is empty", "--oidc_authority=https://a", "--oidc_audience=")]
    [InlineData("is empty", "--oidc_authority=https://a", "--oidc_audience=b", "--oidc_role_claim=")]
    [InlineData("not an issuer's address", "--oidc_authority=http://a", "--oidc_audience=b")]
    [InlineData("not an issuer's address", "--oidc_authority=a", "--oidc_audience=b")]
    [InlineData("not an issuer's address", "--oidc_authority=https://a?b", "--oidc_audience=b")]
    [InlineData("not an issuer's address", "--oidc_authority=https://a:b@c", "--oidc_audience=b")]
    public void An_issuer_that_cannot_be_is_refused_in_a_sentence(string part, params string[] options) =>
        Assert.Contains(part, Problem(["--config", _file, .. options]), StringComparison.Ordinal);

    [Theory]
    [InlineData("ftp://127.0.0.1:7070", "not an address")]
    [InlineData("https://127.0.0.1", "not an address")]
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
    [InlineData("""{"allow_plaintext":true}""", "allow_plaintext")]
    [InlineData("""{"names":"a"}""", "names: Expected a list")]
    [InlineData("""{"names":[1]}""", "names/0: Expected a string")]
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
    [InlineData("--allow_plaintext", "true")]
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

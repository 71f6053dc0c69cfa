using EbpfPersonas.Controller.Commands;
using EbpfPersonas.Controller.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

public sealed class CaCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-ca-").FullName;

    private string CaFolder => Path.Combine(_folder, "ca");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_replaces_the_authority_step_by_step_and_shows_each()
    {
        var folder = new AuthorityFolder(CaFolder, TimeProvider.System);
        folder.MakeFirst();
        var first = folder.Load().Issuing;

        var shown = Succeeds("show");
        Assert.Contains(first.Pin, shown, StringComparison.Ordinal);
        Assert.Contains(first.Certificate.ExportCertificatePem(), shown, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", shown, StringComparison.Ordinal);

        Succeeds("prepare");
        Assert.Equal(2, Count(Succeeds("show"), "BEGIN CERTIFICATE"));
        Assert.Contains("renewed", Succeeds("activate"), StringComparison.Ordinal);
        Assert.Equal(2, Count(Succeeds("show"), "BEGIN CERTIFICATE"));
        Succeeds("retire");
        Assert.DoesNotContain(first.Pin, Succeeds("show"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show")]
    [InlineData("prepare")]
    [InlineData("activate")]
    [InlineData("retire")]
    public void Without_an_authority_it_says_so_and_makes_none(string verb)
    {
        Assert.Contains("There is no authority", Fails(verb), StringComparison.Ordinal);
        Assert.False(Directory.Exists(CaFolder));
    }

    [Theory]
    [InlineData]
    [InlineData("frobnicate")]
    [InlineData("--config", "x")]
    public void What_it_does_not_understand_it_refuses(params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(1, CaCommand.Run(arguments, TextWriter.Null, errors));
        Assert.Contains("expected ca show", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_from_outside_is_replaced_outside() => Assert.Contains(
        "comes from outside", Fails("prepare", "--ca_certificate", "/c", "--ca_key", "/k"), StringComparison.Ordinal);

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private string Succeeds(string verb)
    {
        var (code, output, errors) = Run(verb);
        Assert.Equal((0, ""), (code, errors));
        return output;
    }

    private string Fails(string verb, params string[] options)
    {
        var (code, output, errors) = Run(verb, options);
        Assert.Equal((1, ""), (code, output));
        return errors;
    }

    private (int Code, string Output, string Errors) Run(string verb, params string[] options)
    {
        var config = Path.Combine(_folder, "controller.json");
        File.WriteAllText(config, "{}");
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = CaCommand.Run(
            [verb, "--config", config, "--store", Path.Combine(_folder, "controller.db"), .. options], output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}

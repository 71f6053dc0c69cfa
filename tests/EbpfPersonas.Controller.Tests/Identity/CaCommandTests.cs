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
    public async Task It_replaces_the_authority_step_by_step_and_shows_each()
    {
        var folder = new AuthorityFolder(CaFolder, TimeProvider.System);
        folder.MakeFirst();
        var first = folder.Load().Issuing;

        var shown = await SucceedsAsync("show");
        Assert.Contains(first.Pin, shown, StringComparison.Ordinal);
        Assert.Contains(first.Certificate.ExportCertificatePem(), shown, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", shown, StringComparison.Ordinal);

        await SucceedsAsync("prepare");
        Assert.Equal(2, Count(await SucceedsAsync("show"), "BEGIN CERTIFICATE"));
        Assert.Contains("heard of the next authority before", await FailsAsync("activate"), StringComparison.Ordinal);
        Assert.Contains("renewed", await SucceedsAsync("activate", "--force"), StringComparison.Ordinal);
        Assert.Equal(2, Count(await SucceedsAsync("show"), "BEGIN CERTIFICATE"));
        Assert.Contains("renewed its certificate before", await FailsAsync("retire"), StringComparison.Ordinal);
        await SucceedsAsync("retire", "--force");
        Assert.DoesNotContain(first.Pin, await SucceedsAsync("show"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_is_made_when_every_VM_had_the_time_for_the_one_before()
    {
        var folder = new AuthorityFolder(CaFolder, TimeProvider.System);
        folder.MakeFirst();
        await SucceedsAsync("prepare");
        var list = Path.Combine(CaFolder, "authorities");

        File.SetLastWriteTimeUtc(list, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-24).AddMinutes(1));
        await FailsAsync("activate");
        File.SetLastWriteTimeUtc(list, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-24));
        await SucceedsAsync("activate");
    }

    [Theory]
    [InlineData("show")]
    [InlineData("prepare")]
    [InlineData("activate")]
    [InlineData("retire")]
    public async Task Without_an_authority_it_says_so_and_makes_none(string verb)
    {
        Assert.Contains("There is no authority", await FailsAsync(verb), StringComparison.Ordinal);
        Assert.False(Directory.Exists(CaFolder));
    }

    [Theory]
    [InlineData]
    [InlineData("frobnicate")]
    [InlineData("--config", "x")]
    public async Task What_it_does_not_understand_it_refuses(params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(1, await ControllerCommand.RunAsync(["ca", .. arguments], TextWriter.Null, errors));
        Assert.Contains("ca show |", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_from_outside_is_replaced_outside() => Assert.Contains(
        "comes from outside", await FailsAsync("prepare", "--ca_certificate", "/c", "--ca_key", "/k"),
        StringComparison.Ordinal);

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private async Task<string> SucceedsAsync(string verb, params string[] options)
    {
        var (code, output, errors) = await RunAsync(verb, options);
        Assert.Equal((0, ""), (code, errors));
        return output;
    }

    private async Task<string> FailsAsync(string verb, params string[] options)
    {
        var (code, output, errors) = await RunAsync(verb, options);
        Assert.Equal((1, ""), (code, output));
        return errors;
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string verb, params string[] options)
    {
        var config = Path.Combine(_folder, "controller.json");
        await File.WriteAllTextAsync(config, "{}");
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = await ControllerCommand.RunAsync(
            ["ca", verb, "--config", config, "--store", Path.Combine(_folder, "controller.db"), .. options], output,
            errors);
        return (code, output.ToString(), errors.ToString());
    }
}

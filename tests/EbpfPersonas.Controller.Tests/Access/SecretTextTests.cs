using System.Diagnostics;
using System.Text;
using EbpfPersonas.Controller.Tests.Identity;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Personas.Json;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>Secrets that callers put where they do not belong.</summary>
public sealed class SecretTextTests : ControllerTest
{
    private const string Id = "0123456789abcdef";

    private static readonly string Secret = new('7', 64);

    [Fact]
    public void A_token_is_masked_whole_in_part_and_amid_other_text()
    {
        Assert.Equal($"/x/ebpfp_api_{Id}_(secret)/y", SecretText.Mask($"/x/ebpfp_api_{Id}_{Secret}/y"));
        Assert.Equal($"ebpfp_api_{Id}_(secret)", SecretText.Mask($"ebpfp_api_{Id}_7"));
        Assert.Equal($"ebpfp_enrol_{Id}_(secret)", SecretText.Mask($"ebpfp_enrol_{Id}_{Secret}_{Secret}"));
        Assert.Equal("EBPFP_API_(secret)", SecretText.Mask($"EBPFP_API_{Secret}"));
        Assert.Equal("a (secret) b", SecretText.Mask("a eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln b"));
        Assert.DoesNotContain('7', Printable.Quote($"ebpfp_api_{Id.Replace('7', '8')}_{Secret}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ebpfp_api_")]
    [InlineData("/api/v1/personas/database_client")]
    [InlineData("eyJ is how JSON begins in base64. So it is.")]
    public void Other_text_stays_as_it_is(string text)
    {
        Assert.Equal(text, SecretText.Mask(text));
        Assert.False(SecretText.IsIn(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("eyJ")]
    [InlineData("eyJ.")]
    [InlineData("ebpfp_api_")]
    [InlineData("ebpfp_")]
    public void A_body_full_of_beginnings_takes_no_time(string beginning)
    {
        var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(beginning, (1 << 20) / beginning.Length)));
        var watch = Stopwatch.StartNew();

        SecretText.IsIn(body);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_body_with_a_token_is_refused_and_its_place_in_an_address_is_not_audited()
    {
        var token = await Controller.TokenAsync(EbpfPersonas.Controller.Access.Role.Viewer);
        using var put = await Controller.Http.PutAsync("/api/v1/personas/db", RunningController.Json(
            $$$"""
            {"name":"db","network_profile":{"allowed_egress":[{"protocol":"tcp","description":"use {{{token}}}"}]}}
            """));
        using var address = await Controller.Http.DeleteAsync($"/api/v1/personas/{token}");
        using var pointer = await Controller.Http.PutAsync(
            "/api/v1/personas/db", RunningController.Json($$"""{"name":"db","{{token[..30]}}":1}"""));

        Assert.Contains(
            "token in the body", (string)(await RunningController.ProblemAsync(put, 400))["detail"]!,
            StringComparison.Ordinal);
        Assert.DoesNotContain(token[27..40], await address.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(
            $"\"/{token[..27]}{SecretText.Masked}\"", await pointer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.Contains(
            AgentAudit.Read(Controller.StoreFile),
            record => record.Target == $"/api/v1/personas/{token[..27]}{SecretText.Masked}");
    }
}

using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

public sealed class SqliteIdentityTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);
    private static readonly VmKey Vm = new("t1", "vm-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-store-").FullName;

    private IIdentityStore Store => new SqliteStore(Path.Combine(_folder, "controller.db")).Identities;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Tokens_and_certificates_are_there_after_the_file_was_opened_again()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        await Store.UseTokenAsync(Certificate("1", "b"), Now, null);

        var token = (await Store.FindTokenAsync("b"))!;
        Assert.Equal((Vm, Now, "token x (y)"), (token.Vm, token.Used, token.CreatedBy));
        Assert.Equal([1, 2], token.SecretHash.ToArray());
        var certificate = (await Store.FindCertificateAsync("1"))!;
        Assert.Equal(
            (Vm, "b", "pin-1", Now, Now.AddHours(1), null),
            (certificate.Vm, certificate.TokenId, certificate.KeyPin, certificate.NotBefore, certificate.NotAfter,
                certificate.Revoked));
        Assert.Equal([3, 4], certificate.Certificate.ToArray());
        Assert.Null(await Store.FindTokenAsync("none"));
        Assert.Null(await Store.FindCertificateAsync("none"));
    }

    [Fact]
    public async Task A_token_is_used_for_one_certificate()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        Assert.Equal("1", (await Store.UseTokenAsync(Certificate("1", "b"), Now, null))!.Serial);
        Assert.Equal("1", (await Store.UseTokenAsync(Certificate("2", "b"), Now, null))!.Serial);
        Assert.Null(await Store.FindCertificateAsync("2"));
    }

    [Fact]
    public async Task A_token_that_is_over_or_of_another_VM_is_not_used()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        Assert.Null(await Store.UseTokenAsync(Certificate("1", "b"), Now.AddHours(1), null));
        Assert.Null(await Store.UseTokenAsync(Certificate("1", "b") with { Vm = new VmKey("t2", "vm-1") }, Now, null));
        Assert.Null(await Store.UseTokenAsync(Certificate("1", "none"), Now, null));
        Assert.Null((await Store.FindTokenAsync("b"))!.Used);
        Assert.Null(await Store.FindCertificateAsync("1"));
    }

    [Fact]
    public async Task Tokens_are_listed_by_tenant_and_page_and_deleted_by_their_tenant_alone()
    {
        foreach (var id in (string[])["b", "a", "c"])
        {
            await Store.CreateTokenAsync(Token(id), null);
        }

        await Store.CreateTokenAsync(Token("d") with { Vm = new VmKey("t2", "vm-1") }, null);
        Assert.Equal(["a", "b"], (await Store.ListTokensAsync("t1", "", 2)).Select(token => token.Id));
        Assert.Equal(["c"], (await Store.ListTokensAsync("t1", "b", 2)).Select(token => token.Id));
        Assert.False(await Store.DeleteTokenAsync("t1", "d", null));
        Assert.True(await Store.DeleteTokenAsync("t2", "d", null));
        Assert.Empty(await Store.ListTokensAsync("t2", "", 10));
    }

    [Fact]
    public async Task A_revocation_takes_all_of_one_VM_and_no_renewal_comes_after_it()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        await Store.CreateTokenAsync(Token("c") with { Vm = new VmKey("t2", "vm-1") }, null);
        await Store.UseTokenAsync(Certificate("1", "b"), Now, null);
        await Store.UseTokenAsync(Certificate("9", "c") with { Vm = new VmKey("t2", "vm-1") }, Now, null);
        Assert.Equal(KeepOutcome.Kept, (await Store.KeepCertificateAsync(Certificate("2"), "1", Now, null)).Outcome);

        Assert.Equal(2, await Store.RevokeCertificatesAsync(Vm, Now, null));

        Assert.All(await Store.ListCertificatesAsync(Vm), certificate => Assert.Equal(Now, certificate.Revoked));
        Assert.Null((await Store.FindCertificateAsync("9"))!.Revoked);
        Assert.Equal(KeepOutcome.Revoked, (await Store.KeepCertificateAsync(Certificate("3"), "2", Now, null)).Outcome);
        Assert.Equal(KeepOutcome.Revoked, (await Store.KeepCertificateAsync(Certificate("3"), "9", Now, null)).Outcome);
        Assert.Equal(0, await Store.RevokeCertificatesAsync(Vm, Now, null));
    }

    [Fact]
    public async Task A_renewal_for_the_same_key_once_more_is_the_same_certificate()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        await Store.UseTokenAsync(Certificate("1", "b"), Now, null);
        var first = Certificate("2");
        await Store.KeepCertificateAsync(first, "1", Now, null);

        for (var i = 0; i < 2 * SqliteIdentities.MaxCertificates; i++)
        {
            var again = Certificate($"again-{i}") with { KeyPin = first.KeyPin };
            var (outcome, kept) = await Store.KeepCertificateAsync(again, "1", Now, null);
            Assert.Equal((KeepOutcome.Kept, "2"), (outcome, kept.Serial));
        }

        Assert.Equal(2, (await Store.ListCertificatesAsync(Vm)).Count);
    }

    [Fact]
    public async Task A_token_that_was_not_used_is_taken_with_the_certificates()
    {
        await Store.CreateTokenAsync(Token("b"), null);

        Assert.Equal(1, await Store.RevokeCertificatesAsync(Vm, Now, null));

        Assert.Null(await Store.FindTokenAsync("b"));
    }

    [Fact]
    public async Task What_is_over_is_forgotten_and_what_is_not_stays()
    {
        await Store.CreateTokenAsync(Token("b"), null);
        await Store.UseTokenAsync(Certificate("1", "b"), Now, null);
        Assert.Equal(0, await Store.PruneAsync(Now.AddHours(1)));
        Assert.Equal(2, await Store.PruneAsync(Now.AddHours(1).AddMilliseconds(1)));
        Assert.Null(await Store.FindTokenAsync("b"));
        Assert.Empty(await Store.ListCertificatesAsync(Vm));
    }

    private static StoredEnrolmentToken Token(string id) => new()
    {
        Id = id,
        Vm = Vm,
        SecretHash = new byte[] { 1, 2 },
        Created = Now,
        Expires = Now.AddHours(1),
        CreatedBy = "token x (y)",
    };

    private static StoredCertificate Certificate(string serial, string? token = null) => new()
    {
        Serial = serial,
        Vm = Vm,
        TokenId = token,
        KeyPin = $"pin-{serial}",
        Certificate = new byte[] { 3, 4 },
        NotBefore = Now,
        NotAfter = Now.AddHours(1),
    };
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>Tokens of which one thing is wrong; but for that they are an administrator's.</summary>
public sealed class OidcRefusalTests : OidcTest
{
    private static readonly Dictionary<string, Func<FakeIssuer, string>> Bad = new()
    {
        ["signed with another key"] = issuer =>
        {
            using var other = RSA.Create(2048);
            return issuer.SignedByRsa(issuer.Claims(), key: other);
        },
        ["with a claim changed after it was signed"] = issuer => Mixed(
            issuer.SignedByRsa(issuer.Claims()), issuer.SignedByRsa(issuer.Claims(subject: "bob"))),
        ["without a signature"] = issuer => issuer.SignedByRsa(issuer.Claims()) is var token
            ? token[..(token.LastIndexOf('.') + 1)] : "",
        ["alg none"] = issuer => FakeIssuer.Sign("none", null, issuer.Claims(), _ => []),
        ["alg None, with the key named"] = issuer => FakeIssuer.Sign("None", issuer.RsaName, issuer.Claims(), _ => []),
        ["HS256 with the public key as PEM"] = issuer => Confused(
            issuer, Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem())),
        ["HS256 with the public key as PEM and a line end"] = issuer => Confused(
            issuer, Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem() + "\n")),
        ["HS256 with the public key as DER"] = issuer => Confused(issuer, issuer.Rsa.ExportSubjectPublicKeyInfo()),
        ["HS256 with the modulus"] = issuer => Confused(issuer, issuer.Rsa.ExportParameters(false).Modulus!),
        ["RSA-PSS"] = issuer => FakeIssuer.Sign(
            "PS256", issuer.RsaName, issuer.Claims(),
            signed => issuer.Rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
        ["RS256 that names the elliptic key"] = issuer => FakeIssuer.Sign(
            "RS256", "ec", issuer.Claims(),
            signed => issuer.Elliptic.SignData(signed, HashAlgorithmName.SHA256)),
        ["of another issuer"] = issuer => With(issuer, "iss", "https://127.0.0.1:1"),
        ["of this issuer with a path"] = issuer => With(issuer, "iss", issuer.Url + "/other"),
        ["of no issuer"] = issuer => With(issuer, "iss", null),
        ["for another audience"] = issuer => With(issuer, "aud", "another"),
        ["for an audience that begins alike"] = issuer => With(issuer, "aud", FakeIssuer.Audience + "-2"),
        ["for no audience"] = issuer => With(issuer, "aud", null),
        ["expired"] = issuer => With(issuer, "exp", FakeIssuer.Seconds(-31)),
        ["that never expires"] = issuer => With(issuer, "exp", null),
        ["not yet valid"] = issuer => With(issuer, "nbf", FakeIssuer.Seconds(60)),
        ["without a subject"] = issuer => With(issuer, "sub", null),
        ["with an empty subject"] = issuer => With(issuer, "sub", ""),
        ["with a line end in the subject"] = issuer => With(issuer, "sub", "alice\nhost"),
        ["with a subject that is too long"] = issuer => With(issuer, "sub", new string('a', 256)),
        ["without a tenant"] = issuer => With(issuer, "tenant", null),
        ["with a tenant that is none"] = issuer => With(issuer, "tenant", "Default"),
        ["with an empty tenant"] = issuer => With(issuer, "tenant", ""),
        ["with a path for a tenant"] = issuer => With(issuer, "tenant", "default/vms"),
        ["with two tenants"] = issuer => With(issuer, "tenant", new JsonArray("default", "other")),
        ["without a role"] = issuer => With(issuer, "role", null),
        ["with a role that is none"] = issuer => With(issuer, "role", "root"),
        ["with the role Admin"] = issuer => With(issuer, "role", "Admin"),
        ["with a blank behind the role"] = issuer => With(issuer, "role", "admin "),
        ["with the number of a role"] = issuer => With(issuer, "role", 3),
        ["with an object for a role"] = issuer => With(issuer, "role", new JsonObject { ["admin"] = true }),
        ["with two roles"] = issuer => With(issuer, "role", new JsonArray("viewer", "admin")),
        ["that is no token"] = _ => "x",
        ["that begins as one"] = _ => "eyJhbGciOiJSUzI1NiJ9.e30.",
    };

    public static TheoryData<string> Kinds => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Is_refused_and_audited_while_its_good_twin_is_let_in(string kind)
    {
        var bad = Bad[kind](Issuer);

        using var http = Client(bad);
        using var answer = await http.GetAsync("/api/v1/vms");

        var problem = await RunningController.ProblemAsync(answer, 401);
        Assert.DoesNotContain(bad, problem.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("Bearer error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString());
        var record = LastRecord;
        Assert.Equal(
            ("ListVms", "anonymous", null, "refused: 401"),
            (record.Action, record.Actor, record.Tenant, record.Result));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Issuer.SignedByRsa(Issuer.Claims())));
    }

    [Fact]
    public async Task A_controller_without_an_issuer_refuses_it_as_any_other_token()
    {
        var good = Issuer.SignedByRsa(Issuer.Claims());
        Assert.Equal(HttpStatusCode.OK, await AskAsync(good));

        await StartWithAsync(settings => settings with { Oidc = null });

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(good));
    }

    private static string With(FakeIssuer issuer, string claim, JsonNode? value)
    {
        var claims = issuer.Claims();
        claims.Remove(claim);
        if (value is not null)
        {
            claims[claim] = value;
        }

        return issuer.SignedByRsa(claims);
    }

    /// <summary>Takes a public key, which everybody has, for a secret.</summary>
    private static string Confused(FakeIssuer issuer, byte[] secret) => FakeIssuer.Sign(
        "HS256", issuer.RsaName, issuer.Claims(), signed => HMACSHA256.HashData(secret, signed));

    /// <summary>The claims of one with the signature of the other.</summary>
    private static string Mixed(string claims, string signature) =>
        claims[..claims.LastIndexOf('.')] + signature[signature.LastIndexOf('.')..];
}

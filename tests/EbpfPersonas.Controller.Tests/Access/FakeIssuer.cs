using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Tests.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Controller.Tests.Access;

/// <summary>An issuer of OpenID Connect on loopback, by TLS, with an RSA and an elliptic key.</summary>
internal sealed class FakeIssuer : IAsyncDisposable
{
    public const string Audience = "ebpf-personas";

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-issuer-").FullName;
    private readonly X509Certificate2 _certificate = MakeCertificate();
    private WebApplication? _app;
    private int _port;

    public RSA Rsa { get; private set; } = RSA.Create(2048);

    public ECDsa Elliptic { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Url => $"https://127.0.0.1:{_port}";

    /// <summary>What it says it is, if not what it is.</summary>
    public string? Name { get; set; }

    public OidcSettings Settings => new()
    {
        Authority = new Uri(Url),
        Audience = Audience,
        AuthoritiesFile = Path.Combine(_folder, "issuer.pem"),
    };

    public static async Task<FakeIssuer> StartAsync()
    {
        var issuer = new FakeIssuer();
        await File.WriteAllTextAsync(issuer.Settings.AuthoritiesFile!, issuer._certificate.ExportCertificatePem());
        await issuer.StartAgainAsync();
        return issuer;
    }

    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, _port, listen => listen.UseHttps(_certificate)));
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Json(new JsonObject
        {
            ["issuer"] = Name ?? Url,
            ["jwks_uri"] = Url + "/keys",
        }));
        _app.MapGet("/keys", () => Json(new JsonObject { ["keys"] = new JsonArray(RsaKey(), EllipticKey()) }));
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task StopAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }
    }

    /// <summary>Signs with another key from now on, under another name.</summary>
    public void ReplaceRsa() => Rsa = RSA.Create(2048);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Claims of an administrator that nothing is wrong with.</summary>
    public JsonObject Claims(string role = "admin", string tenant = "default", string subject = "alice") => new()
    {
        ["iss"] = Url,
        ["aud"] = Audience,
        ["sub"] = subject,
        ["tenant"] = tenant,
        ["role"] = role,
        ["nbf"] = Seconds(-60),
        ["exp"] = Seconds(600),
    };

    public static long Seconds(int fromNow) => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + fromNow;

    public string SignedByRsa(JsonObject claims, string algorithm = "RS256", RSA? key = null) => Sign(
        algorithm, RsaName, claims,
        signed => (key ?? Rsa).SignData(signed, Hash(algorithm), RSASignaturePadding.Pkcs1));

    public string SignedByElliptic(JsonObject claims) => Sign(
        "ES256", "ec", claims, signed => Elliptic.SignData(signed, HashAlgorithmName.SHA256));

    /// <summary>A token (RFC 7515 section 7.1) whose signature is what <paramref name="sign"/> makes.</summary>
    public static string Sign(string algorithm, string? keyName, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (keyName is not null)
        {
            header["kid"] = keyName;
        }

        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public string RsaName => Convert.ToHexStringLower(SHA256.HashData(Rsa.ExportSubjectPublicKeyInfo()))[..16];

    private static string Encode(JsonObject json) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static HashAlgorithmName Hash(string algorithm) => new("SHA" + algorithm[2..]);

    private static IResult Json(JsonObject json) => Results.Text(json.ToJsonString(), "application/json");

    private JsonObject RsaKey()
    {
        var key = Rsa.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["kid"] = RsaName,
            ["n"] = Base64Url.EncodeToString(key.Modulus),
            ["e"] = Base64Url.EncodeToString(key.Exponent),
        };
    }

    private JsonObject EllipticKey()
    {
        var point = Elliptic.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject
        {
            ["kty"] = "EC",
            ["kid"] = "ec",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
        };
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = SigningRequests.NewKey();
        var request = new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}

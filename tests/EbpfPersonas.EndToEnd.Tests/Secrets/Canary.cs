using System.Security.Cryptography;
using System.Text;

namespace EbpfPersonas.EndToEnd.Tests.Secrets;

/// <summary>A secret, and the forms in which it, or most of it, may turn up somewhere.</summary>
internal sealed class Canary
{
    /// <summary>Octets that are looked for of a secret's beginning and of its end: none is there by chance.</summary>
    private const int Part = 8;

    private readonly IReadOnlyList<byte[]> _forms;

    private Canary(string name, IReadOnlyList<byte[]> forms) => (Name, _forms) = (name, forms);

    public string Name { get; }

    /// <summary>The secret of <c>ebpfp_KIND_ID_SECRET</c> and what may follow; the id is none.</summary>
    public static Canary OfToken(string name, string token) =>
        new(name, [.. Forms(Convert.FromHexString(token.Split('_')[3]))]);

    /// <summary>A private key as PEM (RFC 7468).</summary>
    public static Canary OfKey(string name, string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        var scalar = key.ExportParameters(includePrivateParameters: true).D!;
        // The first line is much the same for all keys of this curve.
        var start = pem.IndexOf("-----BEGIN PRIVATE KEY", StringComparison.Ordinal);
        var line = pem[start..].Split('\n')[2];
        return new(name, [.. Forms(scalar), Encoding.ASCII.GetBytes(line[..24])]);
    }

    public bool IsIn(ReadOnlySpan<byte> octets)
    {
        foreach (var form in _forms)
        {
            if (octets.IndexOf(form) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<byte[]> Forms(byte[] secret)
    {
        foreach (var part in (byte[][])[secret[..Part], secret[^Part..]])
        {
            yield return part;
            yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(part));
            yield return Encoding.ASCII.GetBytes(Convert.ToHexString(part));
        }

        // Of the beginning of what is encoded as a whole.
        yield return Encoding.ASCII.GetBytes(Convert.ToBase64String(secret[..(Part + 1)]));
    }
}

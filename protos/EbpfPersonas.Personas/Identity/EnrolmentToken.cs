using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace EbpfPersonas.Personas.Identity;

/// <summary>
/// What lets one VM enrol, once: <c>ebpfp_enrol_ID_SECRET_PIN</c>, ID of 16 and the others of 64 hexadecimal digits.
/// It has no text of its own that could get into a log: <see cref="Reveal"/> is asked for by name.
/// </summary>
internal sealed partial class EnrolmentToken(string id, ReadOnlyMemory<byte> secret, ReadOnlyMemory<byte> pin)
{
    /// <summary>Octets of the secret.</summary>
    public const int SecretLength = 32;

    /// <summary>Names it; not secret.</summary>
    public string Id => id;

    /// <summary>256 bits that only the VM and whoever made the token know.</summary>
    public ReadOnlyMemory<byte> Secret => secret;

    /// <summary>The <see cref="KeyPin"/> of the authority of the controller's certificate.</summary>
    public ReadOnlyMemory<byte> Pin => pin;

    /// <summary>Reads a token, in lower case and with nothing around it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EnrolmentToken? token)
    {
        var match = Pattern().Match(text);
        token = match.Success
            ? new EnrolmentToken(
                match.Groups[1].Value, Convert.FromHexString(match.Groups[2].ValueSpan),
                Convert.FromHexString(match.Groups[3].ValueSpan))
            : null;
        return match.Success;
    }

    /// <summary>The token, to be shown once.</summary>
    public string Reveal() =>
        $"ebpfp_enrol_{id}_{Convert.ToHexStringLower(secret.Span)}_{Convert.ToHexStringLower(pin.Span)}";

    /// <inheritdoc/>
    public override string ToString() => $"enrolment token {id}";

    [GeneratedRegex(@"^ebpfp_enrol_([0-9a-f]{16})_([0-9a-f]{64})_([0-9a-f]{64})\z")]
    private static partial Regex Pattern();
}

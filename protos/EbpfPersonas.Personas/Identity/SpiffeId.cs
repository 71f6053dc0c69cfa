using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace EbpfPersonas.Personas.Identity;

/// <summary>
/// The name in a certificate (SPIFFE-ID): <c>spiffe://ebpf-personas/tenants/TENANT/vms/VM</c> of a VM, and
/// <see cref="Controller"/>.
/// </summary>
internal static partial class SpiffeId
{
    /// <summary>The controller's.</summary>
    public const string Controller = TrustDomain + "/controller";

    private const string TrustDomain = "spiffe://ebpf-personas";
    private const string SubjectAlternativeName = "2.5.29.17";

    // GeneralName, uniformResourceIdentifier (RFC 5280 section 4.2.1.6).
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>What a VM's id may be, for error messages.</summary>
    public const string VmIdForm = "1-64 characters of A-Z, a-z, 0-9, '.', '_' and '-', but not '.' or '..'";

    /// <summary>Whether it can be a VM's id: it becomes part of names and of paths.</summary>
    public static bool IsVmId(string text) => VmIdPattern().IsMatch(text) && text is not ("." or "..");

    /// <summary>A VM's.</summary>
    public static string OfVm(string tenant, string vmId) => $"{TrustDomain}/tenants/{tenant}/vms/{vmId}";

    /// <summary>Whose name it is; false where it is not a VM's.</summary>
    public static bool TryReadVm(
        string name, [NotNullWhen(true)] out string? tenant, [NotNullWhen(true)] out string? vmId)
    {
        var match = VmPattern().Match(name);
        var isVm = match.Success && IsVmId(match.Groups[2].Value);
        (tenant, vmId) = isVm ? (match.Groups[1].Value, match.Groups[2].Value) : (null, null);
        return isVm;
    }

    /// <summary>
    /// The one URI name of a certificate, or null where it has none, more than one, or one that cannot be read.
    /// Its other names do not count: a client's certificate may have none, a server's has those of its addresses.
    /// </summary>
    public static string? Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var names = certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName).ToArray();
        return names is [var one] ? ReadUri(one.RawData) : null;
    }

    private static string? ReadUri(ReadOnlyMemory<byte> extension)
    {
        try
        {
            string? found = null;
            var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag() != Uri)
                {
                    names.ReadEncodedValue();
                }
                else if (found is not null)
                {
                    return null;
                }
                else
                {
                    found = names.ReadCharacterString(UniversalTagNumber.IA5String, Uri);
                }
            }

            return found;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex VmIdPattern();

    [GeneratedRegex("^" + TrustDomain + @"/tenants/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/vms/([^/]+)\z")]
    private static partial Regex VmPattern();
}

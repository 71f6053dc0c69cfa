using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// The extension of a certificate's names (RFC 5280 section 4.2.1.6). Written as they are: Uri would make another name
/// of one with a VM id such as "..".
/// </summary>
internal static class SubjectNames
{
    private const string SubjectAlternativeName = "2.5.29.17";

    private static readonly Asn1Tag Dns = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    public static X509Extension Of(string uri, IEnumerable<string> dns, IEnumerable<IPAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(dns);
        ArgumentNullException.ThrowIfNull(addresses);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, Uri);
            foreach (var name in dns)
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name, Dns);
            }

            foreach (var address in addresses)
            {
                writer.WriteOctetString(address.GetAddressBytes(), Address);
            }
        }

        return new X509Extension(SubjectAlternativeName, writer.Encode(), critical: false);
    }
}

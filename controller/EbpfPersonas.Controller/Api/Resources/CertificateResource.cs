using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A certificate that a VM speaks with.</summary>
/// <param name="Serial">Its serial number, in hexadecimal digits.</param>
/// <param name="NotBefore">From when it is good.</param>
/// <param name="NotAfter">Until when it is good.</param>
/// <param name="RevokedAt">When it was taken back; null: it was not.</param>
internal sealed record CertificateResource(
    string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt)
{
    public static CertificateResource Of(StoredCertificate certificate) => new(
        certificate.Serial, certificate.NotBefore, certificate.NotAfter, certificate.Revoked);
}

using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Puts certificates together.</summary>
internal static class CertificateRequestParts
{
    /// <summary>The request, with extensions added to it.</summary>
    public static CertificateRequest With(this CertificateRequest request, IEnumerable<X509Extension> extensions)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(extensions);
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request;
    }
}

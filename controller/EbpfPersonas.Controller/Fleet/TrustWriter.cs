using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Protos.V1;
using Google.Protobuf;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Writes the authorities that agents are to trust.</summary>
internal static class TrustWriter
{
    public static TrustBundle Write(Authorities authorities)
    {
        ArgumentNullException.ThrowIfNull(authorities);
        return new TrustBundle
        {
            Authorities =
            {
                authorities.Trusted.Select(authority => ByteString.CopyFrom(authority.Certificate.RawData)),
            },
        };
    }
}

using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct local_address of bpf/abi: an address of the VM itself.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LocalAddress
{
    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Address;

    /// <summary><see cref="AddressFamily"/>.</summary>
    public uint Family;

    /// <summary>The key of <paramref name="address"/>.</summary>
    public static LocalAddress From(IpAddress address) => new()
    {
        Address = AddressWords.From(address),
        Family = (uint)(address.IsV6 ? AddressFamily.Ipv6 : AddressFamily.Ipv4),
    };

    /// <summary>The address again.</summary>
    public readonly IpAddress ToAddress() => Address.ToAddress(Family == (uint)AddressFamily.Ipv6);
}

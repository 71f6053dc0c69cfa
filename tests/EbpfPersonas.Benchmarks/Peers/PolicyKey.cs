using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>struct ipv4_prefix of bpf/tests/bench/identity_policy.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IPv4PrefixKey
{
    public uint Length;
    public uint Address;

    public static IPv4PrefixKey From(Prefix prefix) =>
        new() { Length = (uint)prefix.Length, Address = AddressWords.From(prefix.Address)[0] };
}

/// <summary>struct ipv6_prefix.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IPv6PrefixKey
{
    public uint Length;
    public AddressWords Address;

    public static IPv6PrefixKey From(Prefix prefix) =>
        new() { Length = (uint)prefix.Length, Address = AddressWords.From(prefix.Address) };
}

/// <summary>struct policy_prefix, for ingress.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PolicyKey
{
    private const uint AnyProtocolLength = 40;
    private const uint AnyPortLength = 48;

    public uint Length;
    public uint Identity;
    public byte Direction;
    public byte Protocol;
    public ushort Port;

    public static PolicyKey AnyProtocol(uint identity) =>
        new() { Length = AnyProtocolLength, Identity = BinaryPrimitives.ReverseEndianness(identity) };

    public static PolicyKey Of(uint identity, byte protocol, ushort port, int portLength) => new()
    {
        Length = AnyPortLength + (uint)portLength,
        Identity = BinaryPrimitives.ReverseEndianness(identity),
        Protocol = protocol,
        Port = BinaryPrimitives.ReverseEndianness(port),
    };
}

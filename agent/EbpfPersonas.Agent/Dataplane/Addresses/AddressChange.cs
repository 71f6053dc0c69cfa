using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Addresses;

/// <summary>An interface has an address, or has it no more.</summary>
/// <param name="InterfaceIndex">Which interface.</param>
/// <param name="Address">Its own address, not the peer's.</param>
/// <param name="Present">False where it is gone, or cannot be used.</param>
public readonly record struct AddressChange(int InterfaceIndex, IpAddress Address, bool Present);

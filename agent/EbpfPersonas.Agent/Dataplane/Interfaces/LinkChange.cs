namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>An interface is there, or is gone; and what the kernel says of it at that moment.</summary>
public readonly record struct LinkChange
{
    /// <summary>The interface's index in this network namespace.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>False: it was deleted, or moved to another network namespace.</summary>
    public required bool Present { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is a loopback interface.</summary>
    public required bool IsLoopback { get; init; }

    /// <summary>Whether it is up, so that packets may pass.</summary>
    public required bool IsUp { get; init; }

    /// <summary>Whether its frames begin with an Ethernet header.</summary>
    public required bool IsEthernet { get; init; }

    /// <summary>
    /// Packets that it counted since it was made, wherever it was then: 0 in the beginning of every interface.
    /// </summary>
    public required LinkPackets Packets { get; init; }
}

namespace EbpfPersonas.Personas.Activation;

/// <summary>Where a bound persona stands. While live, lingering or held it is a candidate for being active.</summary>
public enum BindingState
{
    /// <summary>Its trigger does not hold.</summary>
    Idle = 0,

    /// <summary>Its trigger holds, and it starts when its cooldown is over.</summary>
    Waiting = 1,

    /// <summary>Its trigger holds.</summary>
    Live = 2,

    /// <summary>Its trigger ended, and it stays for its linger.</summary>
    Lingering = 3,

    /// <summary>Its trigger ended, and it stays until it is released by hand.</summary>
    Held = 4,

    /// <summary>Its ttl is over, and its trigger must end before it can start again.</summary>
    Spent = 5,
}

namespace EbpfPersonas.Personas.Model;

/// <summary>Which way the first packet of a flow goes, seen from the VM.</summary>
public enum Direction
{
    /// <summary>Towards the VM.</summary>
    Ingress = 1,

    /// <summary>Away from the VM.</summary>
    Egress = 2,
}

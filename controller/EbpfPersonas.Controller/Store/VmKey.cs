namespace EbpfPersonas.Controller.Store;

/// <summary>Which VM: ids are unique within a tenant.</summary>
internal readonly record struct VmKey(string Tenant, string Id) : IComparable<VmKey>
{
    public int CompareTo(VmKey other) => string.CompareOrdinal(Tenant, other.Tenant) is not 0 and var order
        ? order
        : string.CompareOrdinal(Id, other.Id);

    /// <summary>"tenant/id", as logs and the audit name it.</summary>
    public override string ToString() => $"{Tenant}/{Id}";
}

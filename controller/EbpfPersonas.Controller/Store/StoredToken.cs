using EbpfPersonas.Controller.Access;

namespace EbpfPersonas.Controller.Store;

/// <summary>A caller's token without its secret.</summary>
/// <param name="Id">16 hexadecimal digits.</param> <param name="Tenant">Whose VMs and personas it is for.</param>
/// <param name="Name">What it is called, for people.</param> <param name="Role">What it may do.</param>
/// <param name="SecretHash">SHA-256 of its secret.</param> <param name="Created">When it was made.</param>
/// <param name="CreatedBy">By whom, as the audit names them.</param>
/// <param name="Expires">Until when it is good; null = until it is deleted.</param>
/// <param name="LastUsed">When it was used last, to the minute; null = never.</param>
internal sealed record StoredToken(
    string Id, string Tenant, string Name, Role Role, ReadOnlyMemory<byte> SecretHash, DateTimeOffset Created,
    string CreatedBy, DateTimeOffset? Expires, DateTimeOffset? LastUsed);

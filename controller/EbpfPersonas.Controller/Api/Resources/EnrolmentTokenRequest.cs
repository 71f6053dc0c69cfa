namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Make a token that lets one VM enrol, once.</summary>
/// <param name="VmId">Who the VM is, 1-64 of A-Z, a-z, 0-9, '.', '_' and '-': the vm_id in its agent's
/// settings.</param>
/// <param name="Ttl">How long the token is good, at most "30d"; absent: "1h".</param>
internal sealed record EnrolmentTokenRequest(string VmId, string? Ttl);

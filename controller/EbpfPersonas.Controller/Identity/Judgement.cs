using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// What a client certificate is worth: who speaks, or the sentence that refuses it. <paramref name="Claimed"/> is who
/// it says, and <paramref name="IsProven"/> whether a trusted authority says so too.
/// </summary>
internal sealed record Judgement(VmCredential? Credential, string Refusal, VmKey? Claimed, bool IsProven);

using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A token that lets a VM enrol; the token itself only in the answer to the request that made it.</summary>
/// <param name="Id">Names it.</param>
/// <param name="VmId">Who may enrol with it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom, as the audit names them.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
/// <param name="UsedAt">When it was used up; null: it was not.</param>
/// <param name="Token">What the agent reads from its enrolment_token_file; it is not shown again.</param>
internal sealed record EnrolmentTokenResource(
    string Id, string VmId, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset ExpiresAt,
    DateTimeOffset? UsedAt, string? Token)
{
    public static EnrolmentTokenResource Of(StoredEnrolmentToken token) => Of(token, shown: null);

    public static EnrolmentTokenResource Of(StoredEnrolmentToken token, EnrolmentToken? shown) => new(
        token.Id, token.Vm.Id, token.Created, token.CreatedBy, token.Expires, token.Used, shown?.Reveal());
}

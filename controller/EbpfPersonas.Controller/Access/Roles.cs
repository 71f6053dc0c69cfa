using System.Diagnostics.CodeAnalysis;

namespace EbpfPersonas.Controller.Access;

/// <summary>The words of the roles.</summary>
internal static class Roles
{
    public static string Word(this Role role) => role switch
    {
        Role.Viewer => "viewer",
        Role.Operator => "operator",
        _ => "admin",
    };

    public static bool TryParse(string? word, [NotNullWhen(true)] out Role? role)
    {
        role = word switch
        {
            "viewer" => Role.Viewer,
            "operator" => Role.Operator,
            "admin" => Role.Admin,
            _ => null,
        };
        return role is not null;
    }
}

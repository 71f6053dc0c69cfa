using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Personas.Reading;
using EbpfPersonas.Personas.Units;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// <c>token create</c>: makes a token on the controller's own host, which is how the first one of a tenant comes to be.
/// The controller may run meanwhile, or not.
/// </summary>
internal static class TokenCommand
{
    private const string Usage =
        "token create --role viewer|operator|admin [--tenant TENANT] [--name NAME] " +
        "[--ttl 90d] [--config FILE]";

    private static readonly string[] Own = ["role", "tenant", "name", "ttl"];

    /// <summary>Prints the token and nothing else; gives the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        var read = CommandArguments.Read(arguments, Own, Usage);
        if (read.Words is [not "create", ..])
        {
            read.Problem($"Usage: {ControllerCommand.Program} {Usage}");
        }

        var tenant = read["tenant"] ?? Tenants.Default;
        var name = read["name"] ?? "host";
        if (!Tenants.IsName(tenant))
        {
            read.Problem(
                "--tenant: a tenant is 1-63 of a-z, 0-9 and '-', beginning and ending with a letter or digit.");
        }

        if (!Vocabulary.IsName(name))
        {
            read.Problem(
                "--name: a name is 1-63 of a-z, 0-9, '_', '.' and '-', beginning and ending with a letter or digit.");
        }

        if (!Roles.TryParse(read["role"], out var role))
        {
            read.Problem("--role is viewer, operator or admin.");
        }

        TimeSpan? ttl = null;
        if (read["ttl"] is { } text)
        {
            if (!Duration.TryParse(text, out var span) || span <= TimeSpan.Zero)
            {
                read.Problem("--ttl is a duration such as 90d or 12h.");
            }

            ttl = span;
        }

        if (read.Settings is not { } settings)
        {
            return await read.RefuseAsync(errors);
        }

        var store = new SqliteStore(settings.Store);
        var (_, token) = await new TokenIssuer(store.Tokens, TimeProvider.System).CreateAsync(
            tenant, name, role!.Value, ttl,
            new AuditEntry
            {
                Tenant = tenant,
                Actor = "host",
                Action = "CreateToken",
                Target = name,
                Source = "host",
            });
        await output.WriteLineAsync(token.Reveal());
        return 0;
    }
}

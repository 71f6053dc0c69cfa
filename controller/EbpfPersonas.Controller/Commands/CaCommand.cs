using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// <c>ca show | prepare | activate | retire</c>: shows the authorities, and replaces the one that the controller made,
/// also while a controller runs, which takes the change up within seconds.
/// </summary>
internal static class CaCommand
{
    private const string Usage = "ca show | prepare | activate | retire [--config FILE]";

    /// <summary>Gives the exit code.</summary>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(errors);
        var verb = arguments.Count > 0 ? arguments[0] : "";
        if (verb is not ("show" or "prepare" or "activate" or "retire"))
        {
            errors.WriteLine($"{CommandSettings.Program}: expected {Usage}.");
            return 1;
        }

        if (CommandSettings.Read([.. arguments.Skip(1)], errors) is not { } settings)
        {
            return 1;
        }

        try
        {
            if (verb == "show")
            {
                Show(Source(settings).Load(), output);
            }
            else
            {
                output.WriteLine(Change(verb, settings));
            }

            return 0;
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or InvalidDataException
                or InvalidOperationException)
        {
            errors.WriteLine($"{CommandSettings.Program}: {exception.Message}");
            return 1;
        }
    }

    private static IAuthoritySource Source(ControllerSettings settings) =>
        settings is { CaCertificate: { } certificate, CaKey: { } key }
            ? new AuthorityFiles(certificate, key, TimeProvider.System)
            : new AuthorityFolder(settings.CaFolder, TimeProvider.System);

    private static void Show(Authorities authorities, TextWriter output)
    {
        foreach (var authority in authorities.Trusted)
        {
            var use = authority == authorities.Issuing ? "issues and is trusted" : "is trusted";
            output.WriteLine($"# {authority.Certificate.Subject} {use}");
            output.WriteLine($"# pin {authority.Pin}");
            output.WriteLine($"# until {authority.Certificate.NotAfter.ToUniversalTime():u}");
            output.WriteLine(authority.Certificate.ExportCertificatePem());
        }
    }

    /// <summary>Carries the change out and gives a sentence on what comes next.</summary>
    private static string Change(string verb, ControllerSettings settings)
    {
        if (Source(settings) is not AuthorityFolder folder)
        {
            throw new InvalidOperationException(
                "The authority comes from outside, by ca_certificate and ca_key. Replace it there: first with both " +
                "certificates in ca_certificate, and once all agents have heard of both, with the new one first.");
        }

        switch (verb)
        {
            case "prepare":
                folder.Prepare();
                return "The next authority is trusted. Activate it when every agent was connected once since now.";
            case "activate":
                folder.Activate();
                return "The next authority issues. Enrolment tokens that were not used count no more. Retire the one " +
                    $"before it when every VM has renewed its certificate: after {settings.CertificateLifetime}.";
            default:
                folder.Retire();
                return "The authority before is trusted no more.";
        }
    }
}

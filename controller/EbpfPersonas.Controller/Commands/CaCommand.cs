using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Identity;

namespace EbpfPersonas.Controller.Commands;

/// <summary>
/// <c>ca show | prepare | activate | retire</c>: shows the authorities, and replaces the one that the controller made,
/// also while a controller runs, which takes the change up within seconds.
/// </summary>
internal static class CaCommand
{
    private const string Usage = "ca show | prepare | activate [--force] | retire [--force] [--config FILE]";

    /// <summary>Gives the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        var read = CommandArguments.Read(arguments, [CommandArguments.Force], Usage);
        if (read.Words is [not ("show" or "prepare" or "activate" or "retire"), ..])
        {
            read.Problem($"Usage: {ControllerCommand.Program} {Usage}");
        }

        if (read.Settings is not { } settings)
        {
            return await read.RefuseAsync(errors);
        }

        if (read.Words[0] == "show")
        {
            Show(Source(settings).Load(), output);
        }
        else
        {
            await output.WriteLineAsync(Change(read.Words[0], settings, read[CommandArguments.Force] is not null));
        }

        return 0;
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
    private static string Change(string verb, ControllerSettings settings, bool isForced)
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
                return "The next authority is trusted, and every agent that connects or renews hears of it. Activate " +
                    $"it after {settings.CertificateLifetime}, by when every VM with a good certificate has.";
            case "activate":
                Wait(folder, settings, isForced, "heard of the next authority");
                folder.Activate();
                return "The next authority issues. Enrolment tokens that were not used count no more. Retire the one " +
                    $"before it when every VM has renewed its certificate: after {settings.CertificateLifetime}.";
            default:
                Wait(folder, settings, isForced, "renewed its certificate");
                folder.Retire();
                return "The authority before is trusted no more.";
        }
    }

    /// <summary>
    /// A VM that missed a step is shut out until it enrols again. It renews, and hears of the step, before its
    /// certificate ends; or it has none that is good.
    /// </summary>
    private static void Wait(AuthorityFolder folder, ControllerSettings settings, bool isForced, string missed)
    {
        var ready = folder.Changed + settings.CertificateLifetime;
        if (!isForced && TimeProvider.System.GetUtcNow() < ready)
        {
            throw new InvalidOperationException(
                $"Not every VM may have {missed} before {ready:u}; those that have not would be shut out until they " +
                "enrol again. Wait, or say --force.");
        }
    }
}

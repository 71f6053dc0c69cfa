using System.Net;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Identity;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>Who the controller is, and how it knows who VMs are.</summary>
internal static class Identities
{
    public static void AddIdentities(this IServiceCollection services, ControllerSettings settings)
    {
        services.AddSingleton(provider => Source(settings, provider));
        services.AddSingleton<CertificateAuthority>();
        services.AddSingleton(provider => new ServerCertificate(
            provider.GetRequiredService<CertificateAuthority>(), Names(settings),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new CertificateIssuer(
            provider.GetRequiredService<CertificateAuthority>(), settings.CertificateLifetime,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<VmAuthentication>();
        services.AddSingleton<EnrolmentTokens>();
        services.AddSingleton<Enrolment>();
        services.AddSingleton<Renewal>();
        services.AddSingleton<AgentGate>();
        services.AddSingleton<VmRevocation>();
        services.AddHostedService<TrustNews>();
        services.AddHostedService<IdentityUpkeep>();
    }

    /// <summary>The names of the controller's certificate: what clients may call this machine.</summary>
    private static string[] Names(ControllerSettings settings)
    {
        var listening = ((ListenAddress[])[settings.ApiListen, settings.AgentsListen])
            .Select(listen => listen.Address)
            .Where(address => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any));
        return
        [
            .. new[] { "localhost", Environment.MachineName, "127.0.0.1", "::1" }
                .Concat(listening.Select(address => address.ToString()))
                .Concat(settings.Names)
                .Where(HostName.IsValid)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
    }

    private static IAuthoritySource Source(ControllerSettings settings, IServiceProvider provider)
    {
        var time = provider.GetRequiredService<TimeProvider>();
        if (settings is { CaCertificate: { } certificate, CaKey: { } key })
        {
            return new AuthorityFiles(certificate, key, time);
        }

        var folder = new AuthorityFolder(settings.CaFolder, time);
        if (folder.MakeFirst())
        {
            provider.GetRequiredService<ILogger<AuthorityFolder>>().AuthorityMade(settings.CaFolder);
        }

        return folder;
    }
}

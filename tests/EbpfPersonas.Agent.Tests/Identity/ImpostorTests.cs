using System.Net.Security;
using System.Security.Authentication;
using EbpfPersonas.TestKit.Identity;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Identity;

/// <summary>Who answers at the controller's address, and is not the controller, learns nothing.</summary>
public sealed class ImpostorTests : IDisposable
{
    /// <summary>The controller's.</summary>
    private readonly TestAuthority _authority = new();

    /// <summary>Of the same name, with another key.</summary>
    private readonly TestAuthority _other = new();

    public static TheoryData<string, bool> Impostors
    {
        get
        {
            var impostors = new TheoryData<string, bool>();
            foreach (var kind in (string[])
                ["another authority", "another authority, our cross certificate",
                    "our names, another's signature", "TLS 1.2", "no chain", "a VM", "wrong usage",
                    "a VM that says it is a server", "two names", "expired", "not yet valid", "no name"])
            {
                impostors.Add(kind, true);
                impostors.Add(kind, false);
            }

            return impostors;
        }
    }

    [Theory]
    [MemberData(nameof(Impostors))]
    public async Task An_impostor_gets_not_one_octet(string kind, bool isEnrolled)
    {
        await using var impostor = new FakeImpostor(Options(kind));
        await using var vm = new LinkedVm(impostor.Address);
        var token = Prepare(vm, isEnrolled);
        await vm.StartAsync();
        await vm.WaitAsync(() => impostor.Callers >= 2, "the agent tried twice");

        Assert.Equal((0, 0), (impostor.Clients, impostor.Octets));
        await vm.WaitAsync(() => vm.Log.Count(Sentence(kind, isEnrolled)) > 0, "the agent said what is wrong");
        Assert.Equal(0, vm.Log.Count(token.Split('_')[3]));
    }

    /// <summary>The same arrangement with the right certificates: what is counted above is counted.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_controller_itself_is_spoken_to(bool isEnrolled)
    {
        await using var controller = new FakeImpostor(_authority.ServerOptions());
        await using var vm = new LinkedVm(controller.Address);
        Prepare(vm, isEnrolled);
        await vm.StartAsync();

        await vm.WaitAsync(() => controller.Octets > 0, "the agent spoke");
        Assert.Equal(isEnrolled, controller.Clients > 0);
        Assert.Equal(0, vm.Log.Count("The certificate of whoever answers is "));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    private string Prepare(LinkedVm vm, bool isEnrolled)
    {
        var token = _authority.Token();
        if (isEnrolled)
        {
            _authority.WriteCredentials(vm.State, LinkedVm.VmId);
        }
        else
        {
            vm.PutToken(token);
        }

        return token;
    }

    /// <summary>What the log says of it.</summary>
    private static string Sentence(string kind, bool isEnrolled) => kind switch
    {
        "a VM" or "wrong usage" => "is not for this use;",
        "a VM that says it is a server" or "two names" or "no name" => "is not that of a controller;",
        "expired" or "not yet valid" => $"is {kind};",
        "TLS 1.2" => "SSL Handshake failed",
        _ => isEnrolled
            ? "is not from an authority that is trusted;"
            : "is not from the authority that the enrolment token names;",
    };

    private SslServerAuthenticationOptions Options(string kind)
    {
        var good = CertificateOrder.Controller;
        var now = TimeProvider.System.GetUtcNow();
        return kind switch
        {
            "another authority" => _other.ServerOptions(),
            "another authority, our cross certificate" => _other.ServerOptions(cross: _authority.Cross),
            "our names, another's signature" =>
                TestAuthority.ServerOptions(_authority.IssueSignedBy(_other, good), _authority.Cross),
            "TLS 1.2" => TooOld(_authority.ServerOptions()),
            "no chain" => _other.ServerOptions(cross: _other.Issue(good)),
            "a VM" => _authority.ServerOptions(CertificateOrder.Vm("vm-2")),
            "wrong usage" => _authority.ServerOptions(good with { Usage = CertificateOrder.ForClients }),
            "a VM that says it is a server" => _authority.ServerOptions(
                CertificateOrder.Vm("vm-2") with { Usage = CertificateOrder.ForServers }),
            "two names" => _authority.ServerOptions(
                good with { UriNames = [.. good.UriNames, CertificateOrder.Vm("vm-2").UriNames[0]] }),
            "expired" => _authority.ServerOptions(good with
            {
                NotBefore = now - TimeSpan.FromHours(2),
                NotAfter = now - TimeSpan.FromHours(1),
            }),
            "not yet valid" => _authority.ServerOptions(good with { NotBefore = now + TimeSpan.FromMinutes(30) }),
            "no name" => _authority.ServerOptions(good with { UriNames = [], Hosts = ["127.0.0.1"] }),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static SslServerAuthenticationOptions TooOld(SslServerAuthenticationOptions options)
    {
        options.EnabledSslProtocols = SslProtocols.Tls12;
        return options;
    }
}

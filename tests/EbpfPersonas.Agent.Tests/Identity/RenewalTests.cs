using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.TestKit.Identity;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Identity;

public sealed class RenewalTests : IAsyncLifetime
{
    private readonly FakeJumpingTime _clock = new();
    private FakeController _controller = null!;
    private LinkedVm _vm = null!;

    private FakeEnrolment Enrolment => _controller.Enrolment;

    public async Task InitializeAsync()
    {
        _controller = await FakeController.StartAsync();
        _vm = new LinkedVm(_controller.Address, _clock);
    }

    public async Task DisposeAsync()
    {
        await _vm.DisposeAsync();
        await _controller.DisposeAsync();
    }

    [Fact]
    public async Task A_certificate_is_renewed_at_sixty_percent_of_its_life_with_a_fresh_key()
    {
        Write(lived: TimeSpan.FromMinutes(1), left: TimeSpan.FromMinutes(9));
        await _vm.StartAsync();
        var before = _vm.Certificate;
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        Assert.Equal(
            new DateTimeOffset(before.NotBefore) + TimeSpan.FromMinutes(6), _vm.Identity.Current!.RenewalDue);
        await _vm.StopAsync();
        Assert.Empty(Enrolment.Renewals);
        _clock.Jump(TimeSpan.FromMinutes(5));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Renewals.Count > 0, "it is renewed");

        // The stream is made anew with it.
        await _vm.WaitAsync(
            () => !_vm.Certificate.RawData.SequenceEqual(before.RawData)
                && _controller.Presented.Any(one => one.RawData.SequenceEqual(_vm.Certificate.RawData)),
            "the agent came with the new one");
        var (presented, request) = Assert.Single(Enrolment.Renewals);
        Assert.Equal(before.RawData, presented.RawData);
        Assert.NotEqual(
            before.PublicKey.ExportSubjectPublicKeyInfo(), request.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Contains(_vm.Certificate.ExportCertificatePem(), await File.ReadAllTextAsync(_vm.File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_vm.File));
        Assert.Null(_vm.Condition(AgentConditions.CertificateNotRenewed));
    }

    [Fact]
    public async Task A_clock_that_jumps_does_not_delay_a_renewal()
    {
        Write(lived: TimeSpan.FromSeconds(1), left: TimeSpan.FromSeconds(39));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        Assert.Empty(Enrolment.Renewals);

        _clock.Jump(TimeSpan.FromSeconds(28));
        await _vm.WaitAsync(() => Enrolment.Renewals.Count > 0, "it is renewed");
    }

    /// <summary>By which every certificate is due when it comes.</summary>
    [Fact]
    public async Task A_clock_that_is_ahead_does_not_renew_again_and_again()
    {
        Write(lived: TimeSpan.FromMinutes(2), left: TimeSpan.FromMinutes(58));
        _clock.Jump(TimeSpan.FromMinutes(50));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Renewals.Count > 0, "it is renewed");

        await Task.Delay(TimeSpan.FromSeconds(2));

        Assert.Single(Enrolment.Renewals);
        Assert.True(_vm.Identity.Current!.RenewalDue < _clock.GetUtcNow(), "it is due");
        Assert.Null(_vm.Condition(AgentConditions.CertificateNotRenewed));
    }

    /// <summary>Nothing of an enrolment stays, although what came of it never got to the disk.</summary>
    [Fact]
    public async Task A_renewal_before_the_disk_takes_anything_finishes_the_enrolment_too()
    {
        // No file takes the place of a directory.
        Directory.CreateDirectory(_vm.File);
        var isLeft = false;
        Enrolment.OnItsWay = answer =>
        {
            // What replaces the first certificate lasts longer, also within a second.
            Enrolment.Lifetime = TimeSpan.FromHours(2);
            if (Enrolment.Renewals.Count > 0)
            {
                isLeft = File.Exists(_vm.PendingFile) && File.Exists(_vm.TokenFile);
                Directory.Delete(_vm.File);
            }

            return answer;
        };
        _vm.PutToken(_controller.Authority.Token());
        // The certificate is due as soon as it comes.
        _clock.Jump(TimeSpan.FromMinutes(50));
        await _vm.StartAsync();

        await _vm.WaitAsync(
            () => !File.Exists(_vm.PendingFile) && !File.Exists(_vm.TokenFile) && File.Exists(_vm.File),
            "the enrolment is finished");
        Assert.True(isLeft, "The disk took the first credentials.");
        Assert.Single(Enrolment.Enrolments);
    }

    [Fact]
    public async Task A_renewal_whose_answer_is_lost_asks_for_the_same_key_again()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "lost"));
        Write(lived: TimeSpan.FromMinutes(40), left: TimeSpan.FromMinutes(20));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Renewals.Count >= 2, "it tried again");

        Assert.Equal(
            Enrolment.Renewals[0].Request.PublicKey.ExportSubjectPublicKeyInfo(),
            Enrolment.Renewals[1].Request.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task A_renewal_that_fails_is_told_and_tried_until_it_succeeds()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "no signer"));
        Write(lived: TimeSpan.FromMinutes(40), left: TimeSpan.FromMinutes(20));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Renewals.Count >= 3, "it tried again");
        var told = await _controller.WaitForAsync(m => m.Status?.Conditions.Count > 0);
        Assert.Equal("CERTIFICATE_NOT_RENEWED", told.Status.Conditions[0].Type);
        Assert.Contains("could not be renewed: Unavailable: no signer", told.Status.Conditions[0].Message);
        Assert.Equal(1, _vm.Log.Count("could not be renewed"));

        Enrolment.OnItsWay = answer => answer;
        await _vm.WaitAsync(
            () => _vm.Condition(AgentConditions.CertificateNotRenewed) is null, "the condition is gone");
        Assert.True(_vm.Identity.Current!.NotAfter > _clock.GetUtcNow() + TimeSpan.FromMinutes(50));
    }

    [Fact]
    public async Task An_agent_whose_certificate_expires_keeps_its_persona_says_what_it_needs_and_takes_a_token()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "no signer"));
        Write(lived: TimeSpan.FromMinutes(2), left: TimeSpan.FromMinutes(1));
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        await _controller.PushAsync(1, Wire.Persona("a"));
        await _controller.WaitForAsync(m => m.Result is not null);
        _clock.Jump(TimeSpan.FromMinutes(2));
        // As a real controller does.
        _controller.Break();
        await _vm.WaitAsync(() => _vm.Condition(AgentConditions.NotEnrolled) is not null, "it is said");
        Assert.Contains("expired at", _vm.Condition(AgentConditions.NotEnrolled), StringComparison.Ordinal);
        Assert.False(_vm.IsConnected);
        Assert.Equal("a", _vm.InForce);

        Enrolment.OnItsWay = answer => answer;
        _vm.PutToken(_controller.Authority.Token());
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
    }

    [Fact]
    public async Task The_authorities_that_the_controller_names_replace_those_before()
    {
        using var next = new TestAuthority("CN=the next one");
        var own = _controller.Authority.Certificate.RawData;
        _controller.Authority.WriteCredentials(_vm.State, LinkedVm.VmId);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        await _controller.NameTrustAsync(own, next.Certificate.RawData);
        await _vm.WaitAsync(() => _vm.Identity.Current!.Authorities.Count == 2, "it trusts both");
        Assert.Contains(next.Certificate.ExportCertificatePem(), await File.ReadAllTextAsync(_vm.File));

        // A controller of the next authority is the controller from now on, also after a restart.
        await _vm.StopAsync();
        var port = _controller.Address.Port;
        await _controller.DisposeAsync();
        _controller = await FakeController.StartAsync(port: port, authority: next);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        await _controller.NameTrustAsync(next.Certificate.RawData);
        await _vm.WaitAsync(() => _vm.Identity.Current!.Authorities.Count == 1, "it trusts the next one alone");
    }

    [Theory]
    [InlineData("none", "no authority is given")]
    [InlineData("nine", "more than 8 authorities are given")]
    [InlineData("rubbish", "an authority cannot be read")]
    [InlineData("other", "the authority of this connection is not among the authorities")]
    public async Task Authorities_that_would_lock_the_vm_out_are_refused(string kind, string reason)
    {
        using var other = new TestAuthority();
        var own = _controller.Authority.Certificate.RawData;
        _controller.Authority.WriteCredentials(_vm.State, LinkedVm.VmId);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
        var before = await File.ReadAllTextAsync(_vm.File);
        await _controller.NameTrustAsync(kind switch
        {
            "none" => [],
            "nine" => Enumerable.Repeat(own, 9),
            "rubbish" => [own, [1, 2, 3]],
            _ => [other.Certificate.RawData],
        });
        await _vm.WaitAsync(() => _vm.Log.Count(reason) == 1, "it is refused");

        Assert.Equal(before, await File.ReadAllTextAsync(_vm.File));
        Assert.Equal(own, Assert.Single(_vm.Identity.Current!.Authorities).RawData);
        Assert.True(_vm.IsConnected);
    }

    /// <summary>Credentials in the middle of their life.</summary>
    private void Write(TimeSpan lived, TimeSpan left) => _controller.Authority.WriteCredentials(
        _vm.State,
        CertificateOrder.Vm(LinkedVm.VmId) with
        {
            NotBefore = _clock.GetUtcNow() - lived,
            NotAfter = _clock.GetUtcNow() + left,
        });
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Identity;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Identity;

public sealed class EnrolmentTests : IAsyncLifetime
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private FakeController _controller = null!;
    private LinkedVm _vm = null!;
    private string _token = null!;

    private FakeEnrolment Enrolment => _controller.Enrolment;

    public async Task InitializeAsync()
    {
        _controller = await FakeController.StartAsync();
        _vm = new LinkedVm(_controller.Address);
        _token = _controller.Authority.Token();
    }

    public async Task DisposeAsync()
    {
        // Whatever happened: the secret is in no line.
        var secrets = _vm.Log.Count(_token.Split('_')[3]);
        await _vm.DisposeAsync();
        await _controller.DisposeAsync();
        Assert.Equal(0, secrets);
    }

    [Fact]
    public async Task An_enrolment_keeps_what_it_got_for_the_owner_alone_and_removes_the_token()
    {
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await ConnectedAsync();

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_vm.File));
        Assert.False(File.Exists(_vm.TokenFile));
        Assert.False(File.Exists(_vm.PendingFile));
        Assert.Equal(_vm.Certificate.RawData, Assert.Single(_controller.Presented).RawData);
        Assert.Equal(1, _vm.Log.Count("Enrolled as spiffe://ebpf-personas/tenants/default/vms/vm-1 with token"));
        Assert.Null(_vm.Condition(AgentConditions.NotEnrolled));

        var asked = Assert.Single(Enrolment.Enrolments);
        Assert.Equal((_token.Split('_')[2], LinkedVm.VmId), (asked.TokenId, asked.VmId));
        Assert.Equal(_token.Split('_')[3], Convert.ToHexStringLower(asked.Secret.Span));
        var request = FakeEnrolment.Read(asked.CertificateRequest);
        Assert.Equal([0x30, 0x00], request.SubjectName.RawData);
        Assert.Empty(request.CertificateExtensions);
        Assert.Empty(request.OtherRequestAttributes);
        Assert.Equal(256, request.PublicKey.GetECDsaPublicKey()!.KeySize);
    }

    [Fact]
    public async Task An_agent_that_starts_again_uses_the_credentials_that_it_has()
    {
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await ConnectedAsync();
        await _vm.StopAsync();
        await _vm.StartAsync();
        await ConnectedAsync();

        Assert.Single(Enrolment.Enrolments);
        Assert.Equal(_controller.Presented[0].RawData, _controller.Presented[^1].RawData);
    }

    [Fact]
    public async Task An_enrolment_whose_answer_was_lost_is_asked_again_with_the_same_key()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "lost"));
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Enrolments.Count >= 2, "it asked twice");
        await _vm.StopAsync();
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_vm.PendingFile));
        Assert.True(File.Exists(_vm.TokenFile));

        // Also after a restart.
        Enrolment.OnItsWay = answer => answer;
        await _vm.StartAsync();
        await ConnectedAsync();

        var keys = Enrolment.Enrolments.Select(asked => Key(FakeEnrolment.Read(asked.CertificateRequest).PublicKey));
        Assert.Equal(Key(_vm.Certificate.PublicKey), Assert.Single(keys.Distinct()));
    }

    [Fact]
    public async Task An_agent_that_died_before_it_removed_the_token_removes_it_at_the_next_start()
    {
        var pending = "";
        Enrolment.OnItsWay = answer =>
        {
            pending = File.ReadAllText(_vm.PendingFile);
            return answer;
        };
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await ConnectedAsync();
        await _vm.StopAsync();
        await File.WriteAllTextAsync(_vm.PendingFile, pending);
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await ConnectedAsync();

        Assert.False(File.Exists(_vm.TokenFile));
        Assert.False(File.Exists(_vm.PendingFile));
        Assert.Single(Enrolment.Enrolments);
    }

    [Fact]
    public async Task Another_token_gets_another_key()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "lost"));
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Enrolments.Count >= 1, "it asked");
        _vm.PutToken(_controller.Authority.Token("00000000000000ff"));
        await _vm.WaitAsync(() => Enrolment.Enrolments.Any(asked => asked.TokenId == "00000000000000ff"), "it asked");

        Assert.Equal(2, Enrolment.Enrolments
            .Select(asked => (asked.TokenId, Key(FakeEnrolment.Read(asked.CertificateRequest).PublicKey)))
            .Distinct().Count());
    }

    [Theory]
    [InlineData("another VM", "the certificate is for VM 'vm-2', this one is 'vm-1'")]
    [InlineData("another key", "the certificate is for another key")]
    [InlineData("no name", "the certificate does not name a VM")]
    [InlineData("two names", "the certificate does not name a VM")]
    [InlineData("expired", "the certificate is expired already")]
    [InlineData("rubbish", "the certificate cannot be read")]
    [InlineData("no trust", "no authority is given")]
    [InlineData("nine authorities", "more than 8 authorities are given")]
    [InlineData("rubbish trust", "an authority cannot be read")]
    [InlineData("leaf as authority", "is not that of an authority")]
    [InlineData("other trust", "the authority of this connection is not among the authorities")]
    public async Task An_answer_that_is_wrong_is_refused(string kind, string reason)
    {
        using var other = new TestAuthority();
        Enrolment.OnItsWay = answer => Spoil(answer, kind, other);
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Condition(AgentConditions.NotEnrolled) is not null, "it is refused");

        Assert.Contains(reason, _vm.Condition(AgentConditions.NotEnrolled), StringComparison.Ordinal);
        Assert.False(File.Exists(_vm.File));
        Assert.True(File.Exists(_vm.TokenFile));
        Assert.Empty(_controller.Presented);
    }

    [Fact]
    public async Task A_refused_enrolment_is_said_once_and_the_next_token_is_taken()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unauthenticated, "no such token"));
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Enrolments.Count >= 3, "it asked");
        Assert.Equal(1, _vm.Log.Count("This VM could not enrol: Unauthenticated: no such token"));

        Enrolment.OnItsWay = answer => answer;
        _vm.PutToken(_controller.Authority.Token("00000000000000ff"));
        await ConnectedAsync();
    }

    [Fact]
    public async Task Without_a_token_the_agent_says_once_what_is_missing_and_takes_one_that_comes()
    {
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Log.Count("This VM has no certificate.") > 0, "it is said");
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _vm.Log.Count("This VM has no certificate."));
        Assert.Contains(_vm.TokenFile, _vm.Condition(AgentConditions.NotEnrolled), StringComparison.Ordinal);

        _vm.PutToken(_token);
        await ConnectedAsync();
    }

    [Fact]
    public async Task What_is_no_token_is_said_without_what_it_is()
    {
        _vm.PutToken(_token + "0");
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Log.Count("does not hold an enrolment token") == 1, "it is said");

        Assert.Empty(Enrolment.Enrolments);
    }

    [Fact]
    public async Task A_token_that_names_another_authority_is_not_shown_to_this_controller()
    {
        _vm.PutToken(_controller.Authority.Token(pin: RandomNumberGenerator.GetBytes(32)));
        await _vm.StartAsync();
        await _vm.WaitAsync(
            () => _vm.Log.Count("not from the authority that the enrolment token names") == 1, "it is said");

        Assert.Empty(Enrolment.Enrolments);
    }

    [Fact]
    public async Task An_expired_certificate_is_not_presented_and_a_new_token_replaces_it()
    {
        var now = TimeProvider.System.GetUtcNow();
        _controller.Authority.WriteCredentials(_vm.State, CertificateOrder.Vm(LinkedVm.VmId) with
        {
            NotBefore = now - TimeSpan.FromHours(2),
            NotAfter = now - TimeSpan.FromHours(1),
        });
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Log.Count("The certificate of this VM expired at ") > 0, "it is said");
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _vm.Log.Count("The certificate of this VM expired at "));
        Assert.Empty(_controller.Presented);

        _vm.PutToken(_token);
        await ConnectedAsync();
        Assert.Single(Enrolment.Enrolments);
    }

    [Fact]
    public async Task A_controller_of_an_authority_that_the_VM_has_not_heard_of_is_joined_with_its_token()
    {
        using var before = new TestAuthority("CN=the one before");
        before.WriteCredentials(_vm.State, LinkedVm.VmId);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Condition(AgentConditions.NotEnrolled) is not null, "it is said");
        Assert.Contains(
            "not from an authority that is trusted", _vm.Condition(AgentConditions.NotEnrolled),
            StringComparison.Ordinal);
        Assert.Empty(_controller.Presented);

        _vm.PutToken(_token);
        await ConnectedAsync();
        Assert.Single(Enrolment.Enrolments);
    }

    [Fact]
    public async Task A_token_that_everybody_may_read_is_told_of_once()
    {
        Enrolment.OnItsWay = _ => throw new RpcException(new Status(StatusCode.Unavailable, "later"));
        _vm.PutToken(_token);
        File.SetUnixFileMode(_vm.TokenFile, OwnerOnly | UnixFileMode.OtherRead);
        await _vm.StartAsync();
        await _vm.WaitAsync(() => Enrolment.Enrolments.Count >= 2, "it asked");
        Assert.Equal(1, _vm.Log.Count("Every user of this machine may read the enrolment token"));
    }

    [Fact]
    public async Task Credentials_that_the_controller_refuses_are_replaced_by_a_new_token()
    {
        _controller.Authority.WriteCredentials(_vm.State, LinkedVm.VmId);
        _controller.Refuses = "this certificate is revoked";
        await _vm.StartAsync();
        await _vm.WaitAsync(() => _vm.Condition(AgentConditions.NotEnrolled) is not null, "it is refused");
        Assert.Contains(
            "this certificate is revoked", _vm.Condition(AgentConditions.NotEnrolled), StringComparison.Ordinal);
        Assert.Empty(Enrolment.Enrolments);

        var refused = _vm.Certificate;
        _vm.PutToken(_token);
        await _vm.WaitAsync(() => Enrolment.Enrolments.Count > 0, "it enrols");
        _controller.Refuses = null;
        await ConnectedAsync();
        Assert.NotEqual(refused.RawData, _controller.Presented[^1].RawData);
        Assert.Null(_vm.Condition(AgentConditions.NotEnrolled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    [InlineData("half")]
    [InlineData("another VM")]
    public async Task Credentials_that_cannot_be_read_count_as_none_and_that_is_said(string kind)
    {
        _controller.Authority.WriteCredentials(_vm.State, kind == "another VM" ? "vm-2" : LinkedVm.VmId);
        var text = await File.ReadAllTextAsync(_vm.File);
        await File.WriteAllTextAsync(_vm.File, kind switch
        {
            "half" => text[..(text.Length / 2)],
            "another VM" => text,
            _ => kind,
        });
        _vm.PutToken(_token);
        await _vm.StartAsync();
        await ConnectedAsync();

        Assert.Equal(1, _vm.Log.Count($"The credentials in {_vm.File} cannot be used, as if there were none: "));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_vm.File));
    }

    private static string Key(PublicKey key) => Convert.ToHexString(key.ExportSubjectPublicKeyInfo());

    private Credentials Spoil(Credentials answer, string kind, TestAuthority other)
    {
        using var given = X509CertificateLoader.LoadCertificate(answer.Certificate.Span);
        var order = CertificateOrder.Vm(LinkedVm.VmId);
        var authority = _controller.Authority.Certificate.RawData;
        switch (kind)
        {
            case "another VM":
                order = CertificateOrder.Vm("vm-2");
                break;
            case "another key":
                answer.Certificate = ByteString.CopyFrom(_controller.Authority.Issue(order).RawData);
                return answer;
            case "no name":
                order = order with { UriNames = [], Hosts = ["vm-1"] };
                break;
            case "two names":
                order = order with { UriNames = [.. order.UriNames, .. CertificateOrder.Vm("vm-2").UriNames] };
                break;
            case "expired":
                order = order with { NotAfter = order.NotBefore + TimeSpan.FromMinutes(1) };
                break;
            case "rubbish":
                answer.Certificate = ByteString.CopyFromUtf8("rubbish");
                return answer;
            case "no trust":
                answer.Trust = null;
                return answer;
            case "nine authorities":
                answer.Trust = FakeEnrolment.Bundle(Enumerable.Repeat(authority, 9));
                return answer;
            case "rubbish trust":
                answer.Trust = FakeEnrolment.Bundle([authority, [1, 2, 3]]);
                return answer;
            case "leaf as authority":
                answer.Trust = FakeEnrolment.Bundle([authority, given.RawData]);
                return answer;
            default:
                answer.Trust = FakeEnrolment.Bundle([other.Certificate.RawData]);
                return answer;
        }

        answer.Certificate = ByteString.CopyFrom(_controller.Authority.Sign(given.PublicKey, order).RawData);
        return answer;
    }

    private Task<TimeSpan> ConnectedAsync() => _vm.WaitAsync(() => _vm.IsConnected, "the agent is connected");
}

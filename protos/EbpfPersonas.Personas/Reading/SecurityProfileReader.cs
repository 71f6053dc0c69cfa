using System.Collections.Immutable;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>security_profile</c>.</summary>
internal static class SecurityProfileReader
{
    private static readonly Dictionary<string, string> Unobservable = new(StringComparer.Ordinal)
    {
        ["mTLS"] = "since TLS 1.3 the client's certificate is encrypted, so nobody on the way sees whether there " +
            "was one",
        ["Kerberos"] = "its tickets travel inside the application's own protocol, mostly encrypted",
        ["NTLM"] = "its messages travel inside the application's own protocol",
        ["SASL"] = "its exchange travels inside the application's own protocol, mostly encrypted",
        ["OAuth"] = "its tokens travel inside encrypted requests",
        ["password"] = "passwords travel inside the application's own protocol",
    };

    public static SecurityProfileDocument? Read(Field field, RuleScope scope)
    {
        if (field.Object("acls", "encryption_required", "encryption", "authentication_protocol") is not { } members)
        {
            return null;
        }

        var acls = ImmutableArray<AclDocument>.Empty;
        if (members["acls"] is { } list)
        {
            var reader = new RuleReader(scope);
            var items = scope.Items(list);
            acls = [.. items.Select(reader.ReadAcl).OfType<AclDocument>()];
            if (items.Count > 0)
            {
                list.NotEnforcedYet();
            }
        }

        var required = members["encryption_required"]?.Boolean() ?? false;
        if (required)
        {
            members["encryption_required"]!.Value.NotEnforcedYet("this version lets unencrypted flows pass.");
        }

        members["encryption"]?.NotEnforcedYet();
        return new SecurityProfileDocument(
            acls,
            required,
            members["encryption"] is { } encryption ? ReadEncryption(encryption) : null,
            members["authentication_protocol"] is { } protocol ? ReadAuthentication(protocol) : null);
    }

    private static AuthenticationProtocol? ReadAuthentication(Field field)
    {
        if (Unobservable.Keys.FirstOrDefault(field.IsExactly) is { } text)
        {
            field.Error(FindingCode.CannotBeObserved,
                $"{text} cannot be required: {Unobservable[text]}. Observable are TLS, SSH, WireGuard and none.");
            return null;
        }

        var protocol = field.Word(
            ("TLS", AuthenticationProtocol.Tls), ("SSH", AuthenticationProtocol.Ssh),
            ("WireGuard", AuthenticationProtocol.WireGuard),
            ("none", AuthenticationProtocol.None));
        if (protocol is not (null or AuthenticationProtocol.None))
        {
            field.NotEnforcedYet("this version does not look for the handshake.");
        }

        return protocol;
    }

    private static EncryptionDocument? ReadEncryption(Field field)
    {
        if (field.Object("min_tls_version", "starttls", "allowed_sni", "on_violation", "exempt") is not { } members)
        {
            return null;
        }

        return new EncryptionDocument(
            members["min_tls_version"]?.Word(("1.0", 0), ("1.1", 1), ("1.2", 2), ("1.3", 3)),
            [.. (members["starttls"]?.List(64) ?? []).Select(ReadStartTls).OfType<string>()],
            [.. (members["allowed_sni"]?.NonEmptyList(1024) ?? []).Select(Vocabulary.HostName).OfType<string>()],
            members["on_violation"]?.Word(
                ("drop", EncryptionViolation.Drop), ("reset", EncryptionViolation.Reset),
                ("audit", EncryptionViolation.Audit))
                ?? EncryptionViolation.Drop,
            [.. (members["exempt"]?.List(1024) ?? []).Select(ReadExemption).OfType<EncryptionExemption>()]);
    }

    private static string? ReadStartTls(Field field)
    {
        string[] known = ["mysql", "postgresql", "smtp", "imap", "pop3", "ldap", "ftp", "xmpp"];
        return field.Word([.. known.Select((word, index) => (word, index))]) is { } chosen ? known[chosen] : null;
    }

    private static EncryptionExemption? ReadExemption(Field field)
    {
        if (field.Object("protocol", "peer", "port") is not { } members)
        {
            return null;
        }

        if (members.IsEmpty)
        {
            field.Error(FindingCode.Empty, "An exemption without any condition would exempt every flow.");
        }

        var protocol = members["protocol"] is { } number ? Vocabulary.Protocol(number) : null;
        var peers = members["peer"] is { } peer ? PeerReader.Read(peer) : null;
        return new EncryptionExemption(
            protocol is >= 0 and { } known ? (byte)known : null,
            [.. (peers ?? []).Select(item => item.Prefix)],
            members["port"] is { } port ? Vocabulary.Port(port) : null);
    }
}

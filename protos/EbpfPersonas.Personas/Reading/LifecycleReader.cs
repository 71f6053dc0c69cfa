using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads <c>lifecycle</c>.</summary>
internal static class LifecycleReader
{
    public static LifecycleDocument? Read(Field field)
    {
        if (field.Object(
            "deactivate_when", "linger", "cooldown", "ttl", "confirm_timeout", "on_activation", "enforcement_mode")
            is not { } members)
        {
            return null;
        }

        return new LifecycleDocument
        {
            DeactivateManually = members["deactivate_when"]?.Word(("trigger_ends", false), ("manual", true)) ?? false,
            Linger = members["linger"] is { } linger ? Vocabulary.Duration(linger) : null,
            Cooldown = members["cooldown"] is { } cooldown ? Vocabulary.Duration(cooldown) : null,
            Ttl = members["ttl"] is { } ttl ? ReadTtl(ttl) : null,
            ConfirmTimeout = members["confirm_timeout"] is { } confirm ? ReadConfirmTimeout(confirm) : null,
            KeepEstablished =
                members["on_activation"]?.Word(("reevaluate", false), ("keep_established", true)) ?? false,
            Mode = (members["enforcement_mode"] is { } mode ? Vocabulary.Mode(mode) : null) ?? EnforcementMode.Enforce,
        };
    }

    /// <summary>How long an activation lasts: more than nothing.</summary>
    public static TimeSpan? ReadTtl(Field field)
    {
        var ttl = Vocabulary.Duration(field);
        if (ttl == TimeSpan.Zero)
        {
            field.Error(FindingCode.OutOfRange, "A ttl of nothing would end before it began.");
            return null;
        }

        return ttl;
    }

    private static TimeSpan? ReadConfirmTimeout(Field field)
    {
        var timeout = Vocabulary.Duration(field);
        if (timeout == TimeSpan.Zero)
        {
            field.Error(FindingCode.OutOfRange, "Nothing can be confirmed in no time.");
            return null;
        }

        return timeout;
    }
}

namespace EbpfPersonas.Controller.Audit;

/// <summary>
/// What one request, or one thing that an agent did, leaves in the audit. A store that makes the change writes it in
/// the same transaction: there is no change without its record.
/// </summary>
internal sealed class AuditEntry
{
    /// <summary>The result of what was done.</summary>
    public const string Ok = "ok";

    /// <summary>The actor of whom nobody knows who it is.</summary>
    public const string Stranger = "anonymous";

    /// <summary>When, by this machine's clock.</summary>
    public DateTimeOffset At { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>Whose it is; null where nobody knows, as of a caller without a token.</summary>
    public string? Tenant { get; init; }

    /// <summary>Who: "token ID (NAME)", "vm ID", "host" or "anonymous".</summary>
    public required string Actor { get; init; }

    /// <summary>What was asked for: the operation's id in the OpenAPI document, or Enrol, Renew, Connect.</summary>
    public required string Action { get; init; }

    /// <summary>What it was asked of: the request's path, or the VM.</summary>
    public required string Target { get; init; }

    /// <summary>The caller's address.</summary>
    public required string Source { get; init; }

    /// <summary>What came of it: "ok", or the refusal in a few words.</summary>
    public string Result { get; set; } = Ok;

    /// <summary>Whether nothing came of it.</summary>
    public bool IsRefusal => !Result.StartsWith(Ok, StringComparison.Ordinal);

    /// <summary>Whether it is in the store.</summary>
    public bool IsStored { get; set; }
}

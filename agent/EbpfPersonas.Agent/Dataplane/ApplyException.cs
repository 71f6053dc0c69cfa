namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// A desired state could not be applied; the one before is untouched. <see cref="Code"/> is COMPILE, TOO_LARGE,
/// TEST_FAILED, KERNEL or INTERNAL.
/// </summary>
public sealed class ApplyException(string code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The kind of failure, as on the wire.</summary>
    public string Code { get; } = code;
}

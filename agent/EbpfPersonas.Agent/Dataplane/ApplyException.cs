using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// A desired state could not be applied; the one before is untouched. <see cref="Code"/> is COMPILE, TOO_LARGE,
/// TEST_FAILED, KERNEL or INTERNAL.
/// </summary>
public sealed class ApplyException(string code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The kind of failure, as on the wire.</summary>
    public string Code { get; } = code;

    /// <summary>
    /// Does <paramref name="work"/>, and makes a refusal of what the kernel or a lack of room throws.
    /// </summary>
    public static T Guard<T>(Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            return work();
        }
        catch (PersonaTooLargeException e)
        {
            throw new ApplyException("TOO_LARGE", e.Message, e);
        }
        catch (BpfException e)
        {
            throw new ApplyException("KERNEL", e.Message, e);
        }
    }
}

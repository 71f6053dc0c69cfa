using System.Collections.Immutable;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// What keeps this VM from enforcing what was decided, by type (agent_service.proto). Safe for several threads.
/// </summary>
internal sealed class AgentConditions
{
    /// <summary>The filters are off by hand.</summary>
    public const string Detached = "DETACHED";

    /// <summary>The baseline is in force by hand.</summary>
    public const string BaselineHeld = "BASELINE_HELD";

    /// <summary>What was kept on disk could not be used.</summary>
    public const string StateFallback = "STATE_FALLBACK";

    /// <summary>The baseline cannot be read.</summary>
    public const string BaselineUnusable = "BASELINE_UNUSABLE";

    /// <summary>The VM has no credentials that its controller takes, and needs an enrolment token.</summary>
    public const string NotEnrolled = "NOT_ENROLLED";

    /// <summary>The VM's certificate is due for renewal, and could not be renewed.</summary>
    public const string CertificateNotRenewed = "CERTIFICATE_NOT_RENEWED";

    private ImmutableSortedDictionary<string, string> _current =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Raised after every change, or when what is in force changed by hand.</summary>
    public event Action? Changed;

    /// <summary>Sentences by type.</summary>
    public IReadOnlyDictionary<string, string> Current => _current;

    /// <summary>As the wire says them.</summary>
    public IEnumerable<V1.AgentCondition> ToWire() => _current.Select(
        condition => new V1.AgentCondition { Type = condition.Key, Message = condition.Value });

    /// <summary>Holds from now on, with this sentence.</summary>
    public void Set(string type, string message)
    {
        ImmutableInterlocked.Update(ref _current, current => current.SetItem(type, message));
        Changed?.Invoke();
    }

    /// <summary>Holds no more.</summary>
    public void Clear(string type)
    {
        if (_current.ContainsKey(type))
        {
            ImmutableInterlocked.Update(ref _current, current => current.Remove(type));
            Changed?.Invoke();
        }
    }
}

using System.Collections.Immutable;
using System.Text;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.TestKit.Situations;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>
/// Plays a situation through an activation function, which looks when something happens or, awake, at every deadline
/// too.
/// </summary>
internal sealed class SituationRun(
    SituationCase played, Func<Situation, Moment, Answer> policy, bool awake,
    Func<ImmutableArray<SituationFact>, IEnumerable<SituationFact>>? order = null)
{
    private readonly SituationWorld _world = new();
    private readonly Dictionary<string, Binding> _bindings =
        played.Documents.ToDictionary(pair => pair.Key, pair => BindingOf(pair.Value));

    // Bindings are all that decides but this; a new revision may change it.
    private readonly HashSet<string> _audited =
        [.. played.Documents.Where(pair => IsAudit(pair.Value)).Select(pair => pair.Key)];

    private string? _default = played.Default;
    private ManualPin? _pin;
    private bool _known = true;
    private ImmutableDictionary<string, BindingMemory> _memory = ImmutableDictionary<string, BindingMemory>.Empty;
    private Moment _anchor = new(TimeSpan.Zero, played.Clock);

    /// <summary>What differs from what the situation expects, one line each.</summary>
    public IEnumerable<string> Differences()
    {
        Answer? answer = null;
        foreach (var step in played.Steps)
        {
            while (awake && answer?.Next is { } due && due.At < step.At)
            {
                answer = Look(due.At);
            }

            foreach (var fact in order?.Invoke(step.Facts) ?? step.Facts)
            {
                Apply(fact, step.At);
            }

            answer = Look(step.At);
            var (persona, state) = (answer.Decision.Persona, StateOf(answer.Decision));
            if (persona != step.Persona || state != step.State || answer.Shadow != step.Shadow)
            {
                yield return $"{played.File}:{step.Line}: {persona ?? "no persona"} {state} shadow {answer.Shadow}";
            }
            else if (step.Next is { } next && answer.Next?.At != next)
            {
                yield return $"{played.File}:{step.Line}: until {answer.Next}";
            }
        }
    }

    public static Binding BindingOf(string document) => BindingMapper.ToBinding(Read(document));

    private static bool IsAudit(string document) => Read(document).Lifecycle.Mode == EnforcementMode.Audit;

    private static PersonaDocument Read(string document)
    {
        var findings = new Findings();
        var persona = PersonaValidator.Validate(Encoding.UTF8.GetBytes(document), findings);
        Assert.Empty(findings.Errors);
        return persona!.Document;
    }

    private static string StateOf(Decision decision) => decision.Cause switch
    {
        ActivationCause.Manual => "pinned",
        ActivationCause.Trigger => decision.State.ToString().ToLowerInvariant(),
        ActivationCause.Default => "default",
        _ => "none",
    };

    private void Apply(SituationFact fact, TimeSpan at)
    {
        _world.Apply(fact);
        switch (fact)
        {
            case SituationFact.Pinned pinned:
                DateTimeOffset? expires = pinned.Ttl is { } ttl ? At(at).Wall + ttl : null;
                _pin = new ManualPin(pinned.Persona, expires);
                break;
            case SituationFact.Deactivated when _pin is not null:
                _pin = null;
                break;
            case SituationFact.Deactivated:
                _memory = ActivationPolicy.Release(Situation(), at) ?? _memory;
                break;
            case SituationFact.Bound bound:
                _bindings[bound.Persona] = BindingOf(bound.Document);
                _audited.Remove(bound.Persona);
                if (IsAudit(bound.Document))
                {
                    _audited.Add(bound.Persona);
                }

                break;
            case SituationFact.Unbound unbound:
                _bindings.Remove(unbound.Persona);
                break;
            case SituationFact.DefaultSet set:
                _default = set.Persona;
                break;
            case SituationFact.ClockSet set:
                _anchor = new Moment(at, set.Wall);
                break;
            case SituationFact.Restarted:
                _known = false;
                break;
            case SituationFact.Scanned:
                _known = true;
                break;
        }
    }

    private Answer Look(TimeSpan at)
    {
        var answer = policy(Situation(), At(at));
        (_memory, _pin) = (answer.Memory, answer.Pin);
        return answer;
    }

    private Moment At(TimeSpan at) => new(at, _anchor.WallTimeOf(at));

    private Situation Situation() => new()
    {
        Bindings = [.. _bindings.Values],
        Pin = _pin,
        Default = _default,
        Audited = _audited,
        Live = _known
            ? _bindings.Values.SelectMany(binding => binding.Trigger.Conditions)
                .Where(condition => _world.Processes.Any(condition.Matches)).ToHashSet()
            : (IReadOnlySet<ProcessCondition>?)null,
        Memory = _memory,
    };
}

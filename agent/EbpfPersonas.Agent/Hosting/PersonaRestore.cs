using EbpfPersonas.Agent.BreakGlass;
using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Puts in force what this VM ran before the agent was started, before a filter sees a packet. What the datapath
/// already runs stays; else the applied state of this boot, the confirmed one, the one confirmed before, the baseline,
/// none. A persona that was not confirmed in time is passed over. What the operator holds comes before all that.
/// </summary>
internal sealed class PersonaRestore(
    StartState start,
    StateStore store,
    Hold hold,
    IDataplane dataplane,
    DesiredStateApplier applier,
    Confirmations confirmations,
    AgentConditions conditions,
    StateFallbacks fallbacks,
    ILogger<PersonaRestore> log)
{
    private readonly List<string> _faults = [];

    /// <summary>Whether filters belong on the interfaces: unless the operator took them off.</summary>
    public bool Restore()
    {
        ReportFaults();
        switch (hold.Kind)
        {
            case HoldKind.Detached:
                Hold(AgentConditions.Detached, HoldNote.Detached(hold.Note));
                break;
            case HoldKind.Baseline:
                Hold(AgentConditions.BaselineHeld, HoldNote.Baseline(hold.Note));
                RestoreBaseline();
                break;
            default:
                if (!Adopt() && !RestoreKept())
                {
                    RestoreBaseline();
                }

                break;
        }

        if (_faults.Count > 0)
        {
            conditions.Set(AgentConditions.StateFallback, string.Join(' ', _faults));
        }

        return hold.Kind != HoldKind.Detached;
    }

    private void ReportFaults()
    {
        foreach (var fault in start.Faults)
        {
            CountFault(fault.Fault!.Value, fault.Message);
        }

        if (start.Baseline.Errors.Count > 0)
        {
            var errors = string.Join(' ', start.Baseline.Errors);
            conditions.Set(AgentConditions.BaselineUnusable, errors);
            Log.BaselineUnusable(log, errors);
        }
    }

    private void CountFault(StateFault fault, string message)
    {
        fallbacks.Count(fault);
        _faults.Add(message);
        Log.StateUnusable(log, message);
    }

    /// <summary>What comes back when the operator lets go is known, but not in force.</summary>
    private void Hold(string condition, string sentence)
    {
        conditions.Set(condition, sentence);
        Log.Held(log, sentence);
        if (start.Candidates.FirstOrDefault() is { } kept)
        {
            applier.Resume(kept.State!, start.IsConfirmed(kept));
        }

        applier.Hold(sentence, enforced: hold.Kind != HoldKind.Detached);
    }

    /// <summary>False: the datapath is new, or runs what stood in for what the controller wants.</summary>
    private bool Adopt()
    {
        var realised = dataplane.Realised;
        if (realised.Epoch == 0 || (realised.Generation == 0 && start.Candidates.Any()))
        {
            return false;
        }

        var kept = start.Kept.FirstOrDefault(kept => kept.Describes(realised));
        Log.Adopted(log, realised.Persona ?? "none", realised.Revision, realised.Generation, realised.Epoch);
        if (kept is null)
        {
            return true;
        }

        if (kept.Name == StateName.Pending)
        {
            try
            {
                store.TakePendingAsApplied();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Log.NotPromoted(log, realised.Generation, failure.Message);
            }
        }

        // What waits is not known to this process: it is staged anew, for the same generation.
        if (kept.Staging is { } staging && (!staging.Staged.IsEmpty || staging.Shadow is not null))
        {
            TryApply(realised.Generation, kept.Persona, store.PathOf(kept.Name), staging);
        }

        applier.Resume(kept.State!, start.IsConfirmed(kept));
        return true;
    }

    private bool RestoreKept()
    {
        foreach (var kept in start.Candidates.Where(kept => !confirmations.IsBarred(kept.State!.Desired.Persona)))
        {
            var state = kept.State!;
            if (TryApply(state.Desired.Generation, kept.Persona, store.PathOf(kept.Name), kept.Staging))
            {
                applier.Resume(state, start.IsConfirmed(kept));
                return true;
            }
        }

        return false;
    }

    private void RestoreBaseline()
    {
        var realised = dataplane.Realised;
        var baseline = start.Baseline.Persona;
        var runs = realised.Generation == 0
            && realised.Persona == baseline?.Name
            && realised.Revision == (baseline?.Revision ?? 0);
        if (!runs && !TryApply(generation: 0, baseline, start.Baseline.Path ?? "no persona"))
        {
            TryApply(generation: 0, persona: null, "no persona");
        }
    }

    private bool TryApply(ulong generation, Persona? persona, string source, Staging? staging = null)
    {
        try
        {
            var realised = dataplane.Apply(generation, persona, staging);
            Log.Restored(
                log, realised.Persona ?? "none", realised.Revision, realised.Generation, realised.Epoch, source);
            return true;
        }
        catch (ApplyException refused)
        {
            CountFault(StateFault.Refused, $"{source}: {refused.Code}: {refused.Message}");
            return false;
        }
    }
}

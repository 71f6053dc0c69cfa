using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>Carries out the operator's commands in the running agent. For one thread.</summary>
internal sealed class BreakGlassActions(
    IDataplane dataplane,
    DesiredStateApplier applier,
    Baseline baseline,
    Hold hold,
    AuditTrail audit,
    AgentConditions conditions,
    Func<V1.AgentReport> report,
    TimeProvider time,
    ILogger<BreakGlassActions> log)
{
    /// <summary>
    /// The answer for whoever gave the command. What changes something is audited, also where it failed.
    /// </summary>
    public V1.ControlAnswer Execute(V1.ControlRequest request)
    {
        if (request.Command == "status")
        {
            return new V1.ControlAnswer { Report = report() };
        }

        var answer = Change(request);
        Log.BreakGlass(log, request.Command, request.UserId, request.SudoUser, answer.Message);
        if (audit.Add(request, answer.Message) is { } unwritten)
        {
            answer.Message += $" It could not be recorded for the controller: {unwritten}";
            answer.ExitCode = answer.ExitCode == ExitCodes.Done ? ExitCodes.NotKept : answer.ExitCode;
        }

        return answer;
    }

    private V1.ControlAnswer Change(V1.ControlRequest request)
    {
        var note = HoldNote.Of(request, time.GetUtcNow());
        try
        {
            return request.Command switch
            {
                "detach" => Detach(note),
                "attach" => Attach(),
                "baseline" => HoldBaseline(note),
                "resume" => Resume(),
                _ => Failed($"{request.Command} is not a command of this agent."),
            };
        }
#pragma warning disable CA1031 // Whatever it is, the operator must hear of it and the agent go on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return Failed(failure.Message);
        }
    }

    private V1.ControlAnswer Detach(string note)
    {
        if (hold.Kind == HoldKind.Detached)
        {
            return Done("The filters are off already.", null);
        }

        var forgotten = hold.Set(HoldKind.Detached, note);
        var sentence = HoldNote.Detached(note);
        applier.Hold(sentence, enforced: false);
        dataplane.Detach();
        conditions.Set(AgentConditions.Detached, sentence);
        return Done("The filters are off; nothing is enforced until 'attach'.", forgotten);
    }

    private V1.ControlAnswer Attach()
    {
        if (hold.Kind != HoldKind.Detached)
        {
            return Done("The filters are on already.", null);
        }

        var forgotten = hold.Clear(HoldKind.Detached);

        // The persona first: no packet may meet filters without one.
        if (hold.Kind == HoldKind.Baseline)
        {
            applier.Hold(HoldNote.Baseline(hold.Note));
            applier.ApplyLocal(baseline.Persona);
        }
        else
        {
            Release();
        }

        dataplane.Attach();
        conditions.Clear(AgentConditions.Detached);
        return Done($"The filters are on; {InForce()}", forgotten);
    }

    private V1.ControlAnswer HoldBaseline(string note)
    {
        if (baseline.Errors.Count > 0)
        {
            return Failed(string.Join(' ', baseline.Errors));
        }

        var detached = hold.Kind == HoldKind.Detached;
        if (!detached)
        {
            applier.ApplyLocal(baseline.Persona);
        }

        var forgotten = hold.Set(HoldKind.Baseline, note);
        var sentence = HoldNote.Baseline(note);
        conditions.Set(AgentConditions.BaselineHeld, sentence);
        if (detached)
        {
            return Done("The baseline comes into force with 'attach'; the filters are off.", forgotten);
        }

        applier.Hold(sentence);
        return Done($"{InForce()} It stays until 'resume', whatever the controller says.", forgotten);
    }

    private V1.ControlAnswer Resume()
    {
        var detached = hold.Kind == HoldKind.Detached;
        if (!hold.Holds(HoldKind.Baseline))
        {
            return Done("No baseline is held.", null);
        }

        var forgotten = hold.Clear(HoldKind.Baseline);
        if (!detached)
        {
            Release();
        }

        conditions.Clear(AgentConditions.BaselineHeld);
        return Done(
            detached ? "The controller decides again with 'attach'; the filters are off."
            : $"The controller decides again; {InForce()}",
            forgotten);
    }

    private void Release()
    {
        if (!applier.Release() && dataplane.Realised.Persona is null && baseline.Persona is { } persona)
        {
            applier.ApplyLocal(persona);
        }
    }

    private string InForce() => dataplane.Realised is { Persona: { } persona } realised
        ? $"persona {persona} revision {realised.Revision} is in force."
        : "no persona is in force.";

    private static V1.ControlAnswer Done(string message, string? forgotten) => new()
    {
        ExitCode = forgotten is null ? ExitCodes.Done : ExitCodes.NotKept,
        Message = forgotten is null ? message : $"{message} A restart will not know it: {forgotten}",
    };

    private static V1.ControlAnswer Failed(string message) =>
        new() { ExitCode = ExitCodes.Failed, Message = message };
}

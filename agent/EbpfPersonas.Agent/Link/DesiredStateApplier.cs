using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Wire;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Carries out what the controller wants, by the rules of agent_service.proto: an older generation is ignored, one that
/// is in force already is acknowledged and not applied again, and what cannot be applied is refused with its reason
/// while the persona before stays. For one thread.
/// </summary>
internal sealed class DesiredStateApplier(IDataplane dataplane, TimeProvider time, ILogger<DesiredStateApplier> log)
{
    private string? _controllerId;
    private ulong _newest;
    private V1.DesiredState? _inForce;

    /// <summary>Raised with each switch of personas: how long it took from reading to in force.</summary>
    public event Action<TimeSpan>? Switched;

    /// <summary>What the datapath runs, as the wire says it.</summary>
    public V1.RealisedState Realised => ToWire(dataplane.Realised);

    /// <summary>
    /// A controller introduced itself. Generations of another store are not comparable with those seen so far.
    /// </summary>
    public void Welcome(string controllerId)
    {
        if (_controllerId != controllerId)
        {
            (_controllerId, _newest, _inForce) = (controllerId, 0, null);
        }
    }

    /// <summary>The result to send; null where <paramref name="desired"/> is older than what was seen.</summary>
    public V1.ApplyResult? Apply(V1.DesiredState desired)
    {
        ArgumentNullException.ThrowIfNull(desired);
        if (desired.Generation < _newest)
        {
            Log.GenerationIgnored(log, desired.Generation, _newest);
            return null;
        }

        _newest = desired.Generation;
        if (_inForce is { } inForce
            && inForce.Generation == desired.Generation
            && Equals(inForce.Persona, desired.Persona))
        {
            return new V1.ApplyResult { Generation = desired.Generation, Realised = Realised };
        }

        try
        {
            var start = time.GetTimestamp();
            var persona = desired.Persona is { } wire ? PersonaReader.Read(wire) : null;
            var realised = dataplane.Apply(desired.Generation, persona);
            _inForce = desired;
            Switched?.Invoke(time.GetElapsedTime(start));
            Log.Switched(
                log, persona?.Name ?? "none", realised.Revision, desired.Generation, realised.Epoch, desired.Cause);
            return new V1.ApplyResult { Generation = desired.Generation, Realised = ToWire(realised) };
        }
        catch (FormatException unreadable)
        {
            return Refuse(desired, "COMPILE", unreadable.Message);
        }
        catch (ApplyException refused)
        {
            return Refuse(desired, refused.Code, refused.Message);
        }
#pragma warning disable CA1031 // Whatever it is, the controller hears of it and the persona before stays.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ApplyFaulted(log, desired.Generation, fault);
            return Refuse(desired, "INTERNAL", fault.Message);
        }
    }

    private V1.ApplyResult Refuse(V1.DesiredState desired, string code, string message)
    {
        Log.Refused(log, desired.Generation, desired.Persona?.Name ?? "none", code, message);
        return new V1.ApplyResult
        {
            Generation = desired.Generation,
            Error = new V1.ApplyError { Code = code, Message = message },
        };
    }

    private static V1.RealisedState ToWire(RealisedState state) => new()
    {
        Generation = state.Generation,
        Epoch = state.Epoch,
        Persona = state.Persona ?? string.Empty,
        Revision = state.Revision,
    };
}

using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>
/// The personas that lie in the maps, from their compilation until no program can see them any more. Members but
/// <see cref="Compile"/> are called under <paramref name="gate"/>.
/// </summary>
internal sealed class ResidentPersonas(
    Lock gate,
    GracePeriod grace,
    PersonaSlots slots,
    CounterReader counters,
    KernelJudge judge,
    Func<Persona, int, CompiledPersona> compiler)
{
    private readonly List<ResidentPersona> _residents = [];
    private readonly RetiredPersonas _retired = new(gate, grace, resident =>
    {
        counters.Keep(resident);
        slots.Free(resident);
    });

    /// <summary>Those that count packets: also those that retired and may still be seen.</summary>
    public IEnumerable<ResidentPersona> Counting => _residents.Concat(_retired.All);

    /// <summary>What lies in a slot, or did until its room is given back; null where it is "no persona".</summary>
    public ResidentPersona? In(uint slot) => Counting.FirstOrDefault(resident => resident.Slot == slot);

    /// <summary>Throws <see cref="PersonaTooLargeException"/> or <see cref="ApplyException"/>.</summary>
    public CompiledPersona Compile(Persona persona) => compiler(persona, slots.LineCapacity);

    /// <summary>
    /// Writes it beside what is there, and runs the tests of <paramref name="persona"/> in the kernel; where it throws,
    /// nothing was taken.
    /// </summary>
    public ResidentPersona Publish(Persona persona, CompiledPersona compiled, ulong generation)
    {
        // Retired personas may hold the room that is missing.
        var resident = slots.Publish(compiled, persona.Revision, generation, _retired.ReclaimNow);
        try
        {
            judge.RunTests(persona, resident);
        }
        catch
        {
            // No program but the judge has seen the slot: its room is free at once.
            slots.Free(resident);
            throw;
        }

        _residents.Add(resident);
        return resident;
    }

    /// <summary>Takes up what an earlier agent wrote into a slot.</summary>
    public ResidentPersona Adopt(uint slot, IReadOnlyList<Persona> known)
    {
        var resident = slots.Adopt(
            slot, (found, revision) => Pins.AdoptedPersona.Recognise(found, revision, known, Compile));
        _residents.Add(resident);
        return resident;
    }

    /// <summary>It is not to be seen any more; its room comes back when no program can.</summary>
    public void Retire(ResidentPersona resident)
    {
        _residents.Remove(resident);
        _retired.Add(resident);
    }

    /// <summary>No program has seen it.</summary>
    public void Discard(ResidentPersona resident)
    {
        _residents.Remove(resident);
        slots.Free(resident);
    }

    /// <summary>Nothing is taken back any more; the task ends when nobody waits for programs.</summary>
    public Task Stop() => _retired.Stop();
}

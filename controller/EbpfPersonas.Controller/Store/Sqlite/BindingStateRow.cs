using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>binding_states</c>; times are milliseconds since 1970.</summary>
internal sealed class BindingStateRow
{
    public string Tenant { get; set; } = "";

    public string VmId { get; set; } = "";

    public string Persona { get; set; } = "";

    public long State { get; set; }

    public long Since { get; set; }

    public long? LingersUntil { get; set; }

    public long? CoolsUntil { get; set; }

    public static BindingStateRow From(VmKey vm, string persona, BindingMemory memory) => new()
    {
        Tenant = vm.Tenant,
        VmId = vm.Id,
        Persona = persona,
        State = (long)memory.State,
        Since = Milliseconds(memory.Since),
        LingersUntil = memory.LingersUntil is { } lingers ? Milliseconds(lingers) : null,
        CoolsUntil = memory.CoolsUntil is { } cools ? Milliseconds(cools) : null,
    };

    public BindingMemory ToMemory() => new()
    {
        State = (BindingState)State,
        Since = TimeSpan.FromMilliseconds(Since),
        LingersUntil = LingersUntil is { } lingers ? TimeSpan.FromMilliseconds(lingers) : null,
        CoolsUntil = CoolsUntil is { } cools ? TimeSpan.FromMilliseconds(cools) : null,
    };

    private static long Milliseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;
}

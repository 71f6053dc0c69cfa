using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane.Pins;

/// <summary>A datapath whose maps outlive it, in a BPF file system of this test's own.</summary>
public abstract class PinTest : IAsyncLifetime
{
    protected const ulong Revision = 3;

    private BpfFileSystem? _pins;
    private Lab? _lab;

    /// <summary>A VM's folder; its name has dots, as those of hosts.</summary>
    protected string Directory => Path.Join(_pins!.Path, "vm-1.example");

    protected string Root => _pins!.Path;

    /// <summary>Everything that is pinned.</summary>
    protected IReadOnlyList<string> Pinned => [.. _pins!.Entries()];

    /// <summary>The VM: a namespace with one interface, that filters may be hung on.</summary>
    protected LabHost Vm { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _pins = await BpfFileSystem.MountAsync();
        _lab = await Lab.CreateAsync();
        Vm = await _lab.AddHostAsync("vm", "10.0.0.5/24");
    }

    public virtual async Task DisposeAsync()
    {
        await _lab!.DisposeAsync();
        await _pins!.DisposeAsync();
    }

    /// <summary>An agent's start, with these personas on its disk.</summary>
    protected PersonaDataplane Load(params Persona[] known) => Load(new DataplaneOptions { Known = known });

    protected PersonaDataplane Load(DataplaneOptions options) =>
        PersonaDataplane.Load(options with { PinDirectory = Directory });

    protected static DataplaneOptions OtherLayout(params Persona[] known) =>
        new() { FilterImage = TestObjects.Program("other_layout"), Known = known };

    /// <summary>As <see cref="Load(DataplaneOptions)"/>, with filters on the VM's interface.</summary>
    protected PersonaDataplane LoadAndAttach(DataplaneOptions options, Action<PersonaDataplane>? loaded = null) =>
        Vm.RunInside(() =>
        {
            var dataplane = Load(options);
            loaded?.Invoke(dataplane);
            dataplane.Attach();
            return dataplane;
        });

    /// <summary>Allows UDP to port 53, denies the rest.</summary>
    protected static Persona AllowsDns(string name = "allows-dns") => new()
    {
        Name = name,
        Revision = Revision,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            new Rule
            {
                Id = "dns",
                Direction = Direction.Egress,
                Action = RuleAction.Allow,
                List = RuleList.FirewallRules,
                Priority = 500,
                Protocol = 17,
                Ports = [new PortRange(53, 53)],
            },
        ],
    };

    /// <summary>One packet through the filter; true where it passes.</summary>
    protected static bool Passes(PersonaDataplane dataplane, string packet)
    {
        var parsed = PacketParser.Parse(packet);
        var program = parsed.Direction == Direction.Egress ? "filter_egress" : "filter_ingress";
        var frame = Frame.Build(parsed);
        if (parsed.Direction == Direction.Ingress)
        {
            // Test frames come in by the loopback interface, whose address is all zeros.
            frame.AsSpan(0, 6).Clear();
        }

        return dataplane.Filter.Program(program).TestRun(frame) != KernelFilter.Shot;
    }

    protected static ulong Packets(PersonaDataplane dataplane, string persona, string rule) =>
        dataplane.ReadCounters().Rules.GetValueOrDefault(new RuleKey(persona, rule)).Packets;
}

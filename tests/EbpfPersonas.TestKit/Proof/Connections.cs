using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>TCP connections, one after the other, segment by segment, some of them bent.</summary>
public sealed class Connections(int connections) : ProofPart
{
    /// <summary>Segments and switches of a connection, at least.</summary>
    public const int LeastSteps = 8;

    private const int MostSteps = 20;

    /// <summary>The word for tables, and for whoever wants these parts alone.</summary>
    public const string Word = "tcp";

    private static readonly ImmutableArray<Persona?> Personas = ConnectionPersonas.All;

    /// <inheritdoc/>
    public override string Kind => Word;

    /// <inheritdoc/>
    public override long Packets => (long)connections * LeastSteps * 3 / 4;

    /// <inheritdoc/>
    public override long Weight => 60L * connections * (LeastSteps + MostSteps) / 2;

    /// <summary>The connection of a number: the VM's to a server or a client's to the VM, in either family.</summary>
    public static ConnectionComparison Make(Prng random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var egress = random.Chance(50);
        var own = (ushort)random.Between(20000, 65535);
        var first = new CasePacket
        {
            Direction = egress ? Direction.Egress : Direction.Ingress,
            Protocol = IpProtocol.Tcp,
            Remote = random.Chance(50)
                ? new IpAddress(true, ((UInt128)0x2001_0db8_0000_0000 << 64) | random.NextBits(24))
                : new IpAddress(false, (0x0a01_0000 | random.NextBits(16))),
            RemotePort = egress ? ConnectionPersonas.ServerPort : own,
            LocalPort = egress ? own : ConnectionPersonas.OwnPort,
        };
        return new ConnectionComparison(
            first, Personas, RandomConnection.Make(random, Personas, first, random.Between(LeastSteps, MostSteps)));
    }

    /// <inheritdoc/>
    protected override ProofDifference? Compare(KernelFilter filter, ProofTally tally)
    {
        var random = new Prng(Seed);
        var residents = Personas.Select(persona => persona is null ? null : filter.Publish(persona)).ToArray();
        filter.ForgetFlows();
        tally.CountRuleSet(Kind, 0);
        try
        {
            for (var i = 0; i < connections; i++)
            {
                var connection = Make(random);
                if (connection.Difference(filter, SwitchTo, (packet, said) => tally.Count(Kind, 0, packet, said))
                    is not null)
                {
                    connection = connection.Shrink(filter, SwitchTo);
                    var (step, said) = connection.Difference(filter, SwitchTo)!.Value;
                    return connection.ToCase(step, said);
                }

                tally.CountConnection();
            }

            return null;
        }
        finally
        {
            Leave(filter, residents);
        }

        void SwitchTo(int number)
        {
            filter.SwitchTo(Personas[number], residents[number]);
            tally.CountSwitch();
        }
    }

    private static void Leave(KernelFilter filter, ResidentPersona?[] residents)
    {
        foreach (var (persona, resident) in Personas.Zip(residents).Where(one => one.Second is not null))
        {
            filter.SwitchTo(persona, resident);
            filter.SwitchTo(null);
        }
    }
}

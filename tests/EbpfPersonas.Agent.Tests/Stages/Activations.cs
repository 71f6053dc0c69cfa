using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>What drives a datapath, as in the agent.</summary>
internal static class Activations
{
    public static StagedActivation Of(PersonaDataplane dataplane)
    {
        var users = new UserNames();
        return new StagedActivation(
            dataplane,
            new ConditionWatch(dataplane.Stages, users, new ProcFiles(users)),
            () => new Moment(BootClock.Now, TimeProvider.System.GetUtcNow()));
    }
}

using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Failsafe, persona, filters, in this order: the first packet that meets a filter meets the persona, and none cuts the
/// VM off from its controller.
/// </summary>
internal sealed class StartSequence(
    ControllerLocator locator,
    PersonaRestore restore,
    Confirmations confirmations,
    DesiredStateApplier applier,
    IDataplane dataplane)
{
    /// <summary>How the filters hang; null where the operator took them off. Throws what the datapath throws.</summary>
    public AttachMode? Run()
    {
        locator.OpenForKnown();
        confirmations.Open(dataplane.Realised);
        dataplane.HoldBack(confirmations.Barred);
        var isEnforced = restore.Restore();
        applier.StepBack();
        return isEnforced ? dataplane.Attach() : null;
    }
}

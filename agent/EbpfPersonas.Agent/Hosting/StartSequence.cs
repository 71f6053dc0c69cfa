using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Failsafe, persona, filters, in this order: the first packet that meets a filter meets the persona, and none cuts the
/// VM off from its controller.
/// </summary>
internal sealed class StartSequence(ControllerLocator locator, PersonaRestore restore, IDataplane dataplane)
{
    /// <summary>How the filters hang; null where the operator took them off. Throws what the datapath throws.</summary>
    public AttachMode? Run()
    {
        locator.OpenForKnown();
        return restore.Restore() ? dataplane.Attach() : null;
    }
}

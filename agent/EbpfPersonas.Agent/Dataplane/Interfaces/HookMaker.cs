using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>Makes the hook of an interface, and removes what an earlier process left of the other kind.</summary>
internal sealed class HookMaker(FilterPrograms programs, LinkDirectory? directory, RouteSocket route)
{
    /// <summary>
    /// Attaches; true where it had been adopted. The new filter is there before an old one goes. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public (InterfaceHook Hook, bool Adopted) Attach(int interfaceIndex, AttachMode mode)
    {
        if (mode == AttachMode.Tcx)
        {
            var links = new TcxHook(programs, interfaceIndex, directory);
            var adopted = links.Attach();

            // Also what an agent left that was killed, with a persona that nobody can change any more.
            var changed = ClsactHook.IsLeftOver(route, interfaceIndex);
            if (changed)
            {
                ClsactHook.RemoveLeftOver(route, interfaceIndex, directory);
            }

            return (links, adopted || changed);
        }
        else
        {
            var filters = new ClsactHook(programs, interfaceIndex, directory, route);
            var adopted = filters.Attach();
            var changed = directory?.HasLinks(interfaceIndex) ?? false;
            if (changed)
            {
                directory!.RemoveLinks(interfaceIndex);
            }

            return (filters, adopted || changed);
        }
    }
}

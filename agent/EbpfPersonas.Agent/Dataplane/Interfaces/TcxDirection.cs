using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Our program in one of the two tcx chains of an interface: always the first, and in its place without a gap.
/// </summary>
internal sealed class TcxDirection(BpfProgram program, int interfaceIndex, bool ingress, LinkDirectory? directory)
{
    private BpfLink? _link;
    private uint _linkId;

    /// <summary>Whether the link that an earlier process left is in the chain of this interface.</summary>
    public static bool IsLeftOver(LinkDirectory? directory, int interfaceIndex, bool ingress)
    {
        using var left = directory is null ? null : BpfLink.OpenPinned(directory.Pin(interfaceIndex, ingress));
        return left is not null && IsIn(interfaceIndex, ingress, left);
    }

    /// <summary>True: a link that an earlier process left runs our program now.</summary>
    public bool Attach()
    {
        var old = directory is null ? null : BpfLink.OpenPinned(directory.Pin(interfaceIndex, ingress));
        if (old is not null && Adopts(old))
        {
            (_link, _linkId) = (old, old.ReadInfo().Id);
            if (FindFault() == FilterFault.NotFirst)
            {
                MoveToFront();
            }

            return true;
        }

        Take(program.AttachTcx(interfaceIndex, ingress));
        Drop(old);
        return false;
    }

    public FilterFault FindFault()
    {
        var chain = TcxChain.Read(interfaceIndex, ingress);
        for (var i = 0; i < chain.Count; i++)
        {
            if (_link is not null && chain[i].LinkId == _linkId)
            {
                return chain[i].ProgramId != program.Id ? FilterFault.Exchanged
                    : i > 0 ? FilterFault.NotFirst
                    : directory is not null && !File.Exists(directory.Pin(interfaceIndex, ingress))
                        ? FilterFault.NotPinned
                    : FilterFault.None;
            }
        }

        return FilterFault.Removed;
    }

    public void Repair()
    {
        switch (FindFault())
        {
            case FilterFault.Removed:
                var old = _link;
                Take(program.AttachTcx(interfaceIndex, ingress));
                Drop(old);
                break;
            case FilterFault.Exchanged:
                _link!.Update(program);
                break;
            case FilterFault.NotFirst:
                MoveToFront();
                break;
            case FilterFault.NotPinned:
                directory!.Keep(_link!, interfaceIndex, ingress);
                break;
            default:
                break;
        }
    }

    /// <summary>The link ends; its pin is the directory's.</summary>
    public void Remove()
    {
        Drop(_link);
        _link = null;
    }

    public void Release()
    {
        _link?.Dispose();
        _link = null;
    }

    /// <summary>
    /// A link stays where it is, so another one takes its place; and a chain holds a program once, so that one calls it
    /// by another name first. Packets meanwhile are judged twice, and never not at all.
    /// </summary>
    private void MoveToFront()
    {
        using var alias = program.MakeAlias();
        var old = _link;
        Take(alias.AttachTcx(interfaceIndex, ingress));
        Drop(old);
        _link!.Update(program);
    }

    /// <summary>
    /// The number of the interface may be another's by now, and an interface that moved to another namespace has taken
    /// the link along: only the chain of this interface knows.
    /// </summary>
    private bool Adopts(BpfLink old)
    {
        try
        {
            if (!IsIn(interfaceIndex, ingress, old))
            {
                return false;
            }

            old.Update(program);
            return true;
        }
        catch (BpfException)
        {
            // Then a new one is attached, or says why not.
            return false;
        }
    }

    private static bool IsIn(int interfaceIndex, bool ingress, BpfLink link)
    {
        var info = link.ReadInfo();
        return info.IsTcx
            && info.Ingress == ingress
            && TcxChain.Read(interfaceIndex, ingress).Any(entry => entry.LinkId == info.Id);
    }

    private void Take(BpfLink link)
    {
        try
        {
            var id = link.ReadInfo().Id;
            directory?.Keep(link, interfaceIndex, ingress);
            (_link, _linkId) = (link, id);
        }
        catch
        {
            Drop(link);
            throw;
        }
    }

    private static void Drop(BpfLink? link)
    {
        try
        {
            link?.Detach();
        }
        catch (BpfException)
        {
            // It is no link, or detached already.
        }

        link?.Dispose();
    }
}

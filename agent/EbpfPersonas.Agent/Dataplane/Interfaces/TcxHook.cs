namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>The filters of one interface as tcx links, pinned where there is a directory for it.</summary>
internal sealed class TcxHook(FilterPrograms programs, int interfaceIndex, LinkDirectory? directory) : InterfaceHook
{
    private readonly TcxDirection _ingress = new(programs.Ingress, interfaceIndex, ingress: true, directory);
    private readonly TcxDirection _egress = new(programs.Egress, interfaceIndex, ingress: false, directory);

    public override bool Attach()
    {
        var adopted = _ingress.Attach();
        try
        {
            return _egress.Attach() && adopted;
        }
        catch
        {
            if (adopted)
            {
                _ingress.Release();
            }
            else
            {
                _ingress.Remove();
            }

            throw;
        }
    }

    public override FilterFault FindFault() =>
        _ingress.FindFault() is var fault and not FilterFault.None ? fault : _egress.FindFault();

    public override void Repair()
    {
        _ingress.Repair();
        _egress.Repair();
    }

    public override void Remove()
    {
        _ingress.Remove();
        _egress.Remove();
        directory?.RemoveLinks(interfaceIndex);
    }

    public override void Release()
    {
        _ingress.Release();
        _egress.Release();
    }
}

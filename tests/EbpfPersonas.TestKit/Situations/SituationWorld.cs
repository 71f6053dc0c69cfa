using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.TestKit.Situations;

/// <summary>The live processes of a situation, as a kernel would know them.</summary>
public sealed class SituationWorld
{
    private readonly Dictionary<uint, ProcessImage> _processes = [];

    public IReadOnlyCollection<ProcessImage> Processes => _processes.Values;

    /// <summary>Takes up a fact about processes; others change nothing.</summary>
    public void Apply(SituationFact fact)
    {
        switch (fact)
        {
            case SituationFact.Started started:
                var parent = _processes.GetValueOrDefault(started.ParentPid)?.AsParent();
                _processes[started.Pid] = new ProcessImage(
                    started.Path, started.Executable, started.UserId, started.UserName)
                {
                    Parent = parent,
                };
                break;
            case SituationFact.Forked forked:
                _processes[forked.Pid] = _processes[forked.ParentPid];
                break;
            case SituationFact.Exited exited:
                _processes.Remove(exited.Pid);
                break;
        }
    }
}

using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Agent.Activity;

/// <summary>A live process and what it runs. Forks share their parent's <paramref name="Image"/>.</summary>
internal sealed record RunningProcess(uint Pid, uint ParentPid, ProcessImage Image);

using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>A live process as its VM reported it.</summary>
internal sealed record VmProcess(uint Pid, uint ParentPid, ProcessImage Image, DateTimeOffset Time);

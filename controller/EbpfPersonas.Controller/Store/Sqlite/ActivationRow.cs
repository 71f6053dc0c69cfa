using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>activations</c>; times are milliseconds since 1970.</summary>
internal sealed class ActivationRow
{
    public long Id { get; set; }

    public string Tenant { get; set; } = "";

    public string VmId { get; set; } = "";

    public long Generation { get; set; }

    public string? Persona { get; set; }

    public long Revision { get; set; }

    public string? Previous { get; set; }

    public long Cause { get; set; }

    public string Sentence { get; set; } = "";

    public long At { get; set; }

    public string? ProcessEvent { get; set; }

    public long? Pid { get; set; }

    public long? ParentPid { get; set; }

    public long? UserId { get; set; }

    public string? UserName { get; set; }

    public string? Path { get; set; }

    public string? Executable { get; set; }

    public long? ProcessTime { get; set; }

    public string Result { get; set; } = "";

    public long? ResultAt { get; set; }

    public string? Error { get; set; }

    public long? Epoch { get; set; }

    public static ActivationRow From(VmKey vm, ActivationEntry entry) => new()
    {
        Tenant = vm.Tenant,
        VmId = vm.Id,
        Generation = entry.Generation,
        Persona = entry.Persona,
        Revision = entry.Revision,
        Previous = entry.Previous,
        Cause = (long)entry.Cause,
        Sentence = entry.Sentence,
        At = entry.At.ToUnixTimeMilliseconds(),
        ProcessEvent = entry.Process?.Event,
        Pid = entry.Process?.Pid,
        ParentPid = entry.Process?.ParentPid,
        UserId = entry.Process?.UserId,
        UserName = entry.Process?.UserName,
        Path = entry.Process?.Path,
        Executable = entry.Process?.Executable,
        ProcessTime = entry.Process?.Time.ToUnixTimeMilliseconds(),
        Result = entry.Result,
        ResultAt = entry.ResultAt?.ToUnixTimeMilliseconds(),
        Epoch = entry.Epoch,
    };

    public ActivationEntry ToEntry() => new()
    {
        Id = Id,
        Generation = Generation,
        Persona = Persona,
        Revision = Revision,
        Previous = Previous,
        Cause = (ActivationCause)Cause,
        Sentence = Sentence,
        At = DateTimeOffset.FromUnixTimeMilliseconds(At),
        Process = ProcessEvent is null
            ? null
            : new ActivationProcess(
                ProcessEvent, Pid ?? 0, ParentPid ?? 0, UserId ?? 0, UserName ?? "", Path ?? "", Executable ?? "",
                DateTimeOffset.FromUnixTimeMilliseconds(ProcessTime ?? 0)),
        Result = Result,
        ResultAt = ResultAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        Error = Error,
        Epoch = Epoch,
    };
}

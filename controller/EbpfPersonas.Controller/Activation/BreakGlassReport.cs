namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The operator of a VM went around the controller; <paramref name="Id"/> is unique for the VM, for an agent says it
/// again until it knows that it was heard.
/// </summary>
internal sealed record BreakGlassReport(
    string Id, DateTimeOffset Time, uint UserId, string UserName, string Command, string Outcome);

using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Agent.Settings;
using Tmds.Linux;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// The operator's commands as a program of its own: the running agent is asked, and where none answers the work is done
/// here. An agent that only hangs finds the request when it goes on.
/// </summary>
/// <param name="settings">Those of the agent.</param>
/// <param name="enforceNow">Does what a start of the agent does up to the filters, and leaves them to the
/// kernel.</param>
/// <param name="removeNow">Removes all that is in the kernel; throws <see cref="IOException"/> where an agent has
/// it.</param>
/// <param name="time">The clock.</param>
internal sealed class OperatorCommands(AgentSettings settings, Action enforceNow, Action removeNow, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Carries <paramref name="command"/> out and gives what to print, and the exit code.</summary>
    public async Task<(string Text, int ExitCode)> RunAsync(AgentCommand command, bool json)
    {
        if (LibC.geteuid() != 0)
        {
            return ("Only root may do this.", ExitCodes.Failed);
        }

        var request = new V1.ControlRequest
        {
            Command = command.ToString().ToLowerInvariant(),
            UserId = LibC.getuid(),
            SudoUser = Environment.GetEnvironmentVariable("SUDO_USER") ?? string.Empty,
        };
        var answer = await ControlSocket.AskAsync(settings.StateDirectory, request, Patience);
        if (command == AgentCommand.Status)
        {
            var report = StatusReport.Collect(settings, answer?.Report, time);
            return (
                json ? StatusJson.Write(report) : StatusText.Write(report),
                report.Enforced ? ExitCodes.Done : ExitCodes.NotEnforced);
        }

        return answer is null ? WithoutAgent(request) : (answer.Message, answer.ExitCode);
    }

    private (string Text, int ExitCode) WithoutAgent(V1.ControlRequest request)
    {
        var hold = new Hold(settings.StateDirectory);
        var note = HoldNote.Of(request, time.GetUtcNow());
        var (message, forgotten) = request.Command switch
        {
            "detach" => Detach(hold, note),
            "attach" => ("", hold.Clear(HoldKind.Detached)),
            "baseline" => ("", hold.Set(HoldKind.Baseline, note)),
            _ => ("", hold.Clear(HoldKind.Baseline)),
        };
        if (message.Length == 0)
        {
            message = Enforce(hold);
        }

        var unwritten = new AuditTrail(settings.StateDirectory, time).Add(request, message);
        message = $"No agent answers. {message}";
        return (forgotten ?? unwritten) is { } reason
            ? ($"{message} The disk took no note of it: {reason}", ExitCodes.NotKept)
            : (message, ExitCodes.Done);
    }

    private (string Message, string? Forgotten) Detach(Hold hold, string note)
    {
        // First what keeps an agent that is started meanwhile from putting them back.
        var forgotten = hold.Set(HoldKind.Detached, note);
        if (settings.PinDirectory is { } pins)
        {
            try
            {
                removeNow();
            }
            catch (IOException)
            {
                // An agent that hangs has it.
                PinnedDataplane.RemoveHeld(pins);
            }
        }

        return ("The filters are off; an agent that is started leaves them off until 'attach'.", forgotten);
    }

    private string Enforce(Hold hold)
    {
        if (hold.Kind == HoldKind.Detached)
        {
            return "Noted; the filters are off until 'attach'.";
        }

        if (settings.PinDirectory is null)
        {
            return "It comes into force when the agent starts.";
        }

        enforceNow();
        return KernelReport.Read(settings.PinDirectory).Enforced
            ? "It is in force, and stays without an agent."
            : "Nothing could be pinned; it comes into force when the agent starts.";
    }
}

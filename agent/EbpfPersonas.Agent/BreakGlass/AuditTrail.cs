using EbpfPersonas.Agent.Link;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// Uses of break glass of which the controller does not know yet: a file each, so that the commands may write them
/// beside a running agent. Safe for several threads.
/// </summary>
internal sealed class AuditTrail(string stateDirectory, TimeProvider time)
{
    /// <summary>Entries that are kept; when there are more, the oldest go first.</summary>
    public const int Most = 1000;

    private readonly string _folder = Path.Join(stateDirectory, "break-glass");
    private readonly Lock _gate = new();
    private readonly Dictionary<string, V1.BreakGlassUse> _unwritten = new(StringComparer.Ordinal);

    /// <summary>Raised when there is one more.</summary>
    public event Action<V1.BreakGlassUse>? Added;

    /// <summary>
    /// Keeps one more; null, or why it could not be written. Then only this process knows it, and delivers it all the
    /// same.
    /// </summary>
    public string? Add(V1.ControlRequest request, string outcome)
    {
        var now = time.GetUtcNow();
        var use = new V1.BreakGlassUse
        {
            // Names sort by time; the process tells two of one moment apart.
            Id = FormattableString.Invariant($"{now:yyyyMMdd'T'HHmmss.fffffff}-{Environment.ProcessId}"),
            Time = now.ToTimestamp(),
            UserId = request.UserId,
            SudoUser = request.SudoUser,
            Command = request.Command,
            Outcome = outcome,
        };
        string? unwritten = null;
        lock (_gate)
        {
            try
            {
                Directory.CreateDirectory(_folder);
                StateFile.Write(Path.Join(_folder, use.Id), use.ToByteArray(), durable: true);
                foreach (var oldest in Files().SkipLast(Most))
                {
                    File.Delete(oldest);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _unwritten[use.Id] = use;
                unwritten = failure.Message;
            }
        }

        Added?.Invoke(use);
        return unwritten;
    }

    /// <summary>What is to be delivered, oldest first.</summary>
    public IReadOnlyList<V1.BreakGlassUse> Undelivered()
    {
        lock (_gate)
        {
            return
            [
                .. Files().Select(Read).OfType<V1.BreakGlassUse>().Concat(_unwritten.Values)
                    .OrderBy(use => use.Id, StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>The controller has it.</summary>
    public void Delivered(string id)
    {
        lock (_gate)
        {
            if (!_unwritten.Remove(id) && Files().FirstOrDefault(file => Path.GetFileName(file) == id) is { } file)
            {
                Delete(file);
            }
        }
    }

    private string[] Files()
    {
        try
        {
            return
            [
                .. Directory.GetFiles(_folder)
                    .Where(file => !file.EndsWith(StateFile.BesideSuffix, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A damaged entry still says that there was one.</summary>
    private V1.BreakGlassUse? Read(string file)
    {
        try
        {
            return V1.BreakGlassUse.Parser.ParseFrom(StateFile.Read(file));
        }
        catch (StateFileException missing) when (missing.Fault == StateFault.Missing)
        {
            return null;
        }
        catch (Exception damaged) when (damaged is StateFileException or InvalidProtocolBufferException)
        {
            return new V1.BreakGlassUse
            {
                Id = Path.GetFileName(file),
                Time = new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ToTimestamp(),
                Command = "unknown",
                Outcome = $"The entry on disk is damaged: {damaged.Message}",
            };
        }
    }

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is delivered once more; the controller knows its id.
        }
    }
}

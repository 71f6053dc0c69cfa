using System.Collections.Immutable;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Personas.Activation;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Activation;

/// <summary>
/// Keeps the lives of staged personas on disk, so that a linger, a ttl or a cooldown goes on where the agent is started
/// again in the same boot. It need not outlive the machine. Written at most every 100 ms: what the kernel counted since
/// the last time is found there. For one thread.
/// </summary>
internal sealed class LivesFile(string stateDirectory, string vmId, string bootId, ILogger<LivesFile> log)
{
    /// <summary>The file's name.</summary>
    public const string Name = "staged-lives";

    private static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(100);

    private readonly string _path = Path.Join(stateDirectory, Name);
    private V1.StagedLives? _written;
    private TimeSpan _writtenAt;
    private bool _failed;

    /// <summary>
    /// The lives that were kept in this boot, up to when they tell, and the last epoch that was told of; null where there
    /// are none that can be used.
    /// </summary>
    public (ImmutableDictionary<string, BindingMemory> Lives, TimeSpan Looked, uint Epoch)? Load()
    {
        try
        {
            var kept = V1.StagedLives.Parser.ParseFrom(StateFile.Read(_path));
            return kept.VmId == vmId && kept.BootId == bootId
                ? (kept.Lives.ToImmutableDictionary(life => life.Persona, Read), Time(kept.LookedNs), kept.Epoch)
                : null;
        }
        catch (StateFileException missing) when (missing.Fault == StateFault.Missing)
        {
            return null;
        }
        catch (Exception unusable) when (
            unusable is StateFileException or InvalidProtocolBufferException or ArgumentException)
        {
            Log.LivesUnusable(log, _path, unusable.Message);
            return null;
        }
    }

    /// <summary>
    /// Writes them where they changed; false where it is too early, and they should be kept a little later. What the
    /// disk does not take is said, and tried again with the next change.
    /// </summary>
    public bool Keep(ImmutableDictionary<string, BindingMemory> lives, TimeSpan looked, uint epoch)
    {
        if (_writtenAt != default && looked - _writtenAt < WriteInterval)
        {
            return false;
        }

        var content = new V1.StagedLives
        {
            VmId = vmId,
            BootId = bootId,
            Epoch = epoch,
            Lives =
            {
                lives.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Write(pair.Key, pair.Value)),
            },
        };
        if (content.Equals(_written))
        {
            return true;
        }

        _writtenAt = looked;
        try
        {
            Directory.CreateDirectory(stateDirectory);
            StateFile.Write(
                _path, new V1.StagedLives(content) { LookedNs = Nanoseconds(looked) }.ToByteArray(), durable: false);
            (_written, _failed) = (content, false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _written = null;
            if (!_failed)
            {
                _failed = true;
                Log.LivesNotKept(log, failure.Message);
            }
        }

        return true;
    }

    private static BindingMemory Read(V1.StagedLife life) => new()
    {
        State = Enum.IsDefined((BindingState)life.State)
            ? (BindingState)life.State
            : throw new ArgumentException($"The state of {life.Persona} is not known."),
        Since = Time(life.SinceNs),
        LingersUntil = life.HasLingersUntilNs ? Time(life.LingersUntilNs) : null,
        CoolsUntil = life.HasCoolsUntilNs ? Time(life.CoolsUntilNs) : null,
    };

    private static V1.StagedLife Write(string persona, BindingMemory memory)
    {
        var life = new V1.StagedLife
        {
            Persona = persona,
            State = (V1.StagedLifeState)memory.State,
            SinceNs = Nanoseconds(memory.Since),
        };
        if (memory.LingersUntil is { } lingers)
        {
            life.LingersUntilNs = Nanoseconds(lingers);
        }

        if (memory.CoolsUntil is { } cools)
        {
            life.CoolsUntilNs = Nanoseconds(cools);
        }

        return life;
    }

    private static TimeSpan Time(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));

    private static ulong Nanoseconds(TimeSpan time) => (ulong)time.Ticks * 100;
}

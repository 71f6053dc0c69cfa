using System.Collections.Immutable;
using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// What the operator holds, over restarts and reboots. A file that is there is the fact, whatever is in it: it can be
/// neither half written nor damaged, and a full disk still takes an empty one. One thread changes it, any may look.
/// </summary>
internal sealed class Hold(string directory)
{
    private ImmutableDictionary<HoldKind, string> _held = Read(directory);

    /// <summary>The strongest: without filters no persona matters.</summary>
    public HoldKind Kind => Holds(HoldKind.Detached) ? HoldKind.Detached
        : Holds(HoldKind.Baseline) ? HoldKind.Baseline
        : HoldKind.None;

    /// <summary>Who did it and when; empty where that could not be written.</summary>
    public string Note => _held.GetValueOrDefault(Kind, string.Empty);

    /// <summary>Whether <paramref name="kind"/> is held, be it under a stronger one.</summary>
    public bool Holds(HoldKind kind) => _held.ContainsKey(kind);

    /// <summary>
    /// Holds <paramref name="kind"/>; null, or why a restart would forget it. It holds in this process in any case.
    /// </summary>
    public string? Set(HoldKind kind, string note)
    {
        _held = _held.SetItem(kind, note);
        try
        {
            Directory.CreateDirectory(directory);
            File.OpenHandle(PathOf(kind), FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            StateFile.FlushFolder(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }

        try
        {
            File.WriteAllText(PathOf(kind), note + "\n");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The file is there; only its story is lost.
        }

        return null;
    }

    /// <summary>Lets go of <paramref name="kind"/>; null, or why a restart would hold it again.</summary>
    public string? Clear(HoldKind kind)
    {
        _held = _held.Remove(kind);
        try
        {
            if (File.Exists(PathOf(kind)))
            {
                File.Delete(PathOf(kind));
                StateFile.FlushFolder(directory);
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    private string PathOf(HoldKind kind) => PathOf(directory, kind);

    private static string PathOf(string directory, HoldKind kind) =>
        Path.Join(directory, kind == HoldKind.Detached ? "detached" : "baseline-held");

    private static ImmutableDictionary<HoldKind, string> Read(string directory) =>
        ((HoldKind[])[HoldKind.Baseline, HoldKind.Detached])
            .Where(kind => File.Exists(PathOf(directory, kind)))
            .ToImmutableDictionary(kind => kind, kind => ReadNote(PathOf(directory, kind)));

    private static string ReadNote(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}

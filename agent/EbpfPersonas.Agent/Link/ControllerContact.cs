namespace EbpfPersonas.Agent.Link;

/// <summary>
/// When the controller was heard of last, also over restarts: the time of an empty file says it to a minute.
/// </summary>
internal sealed class ControllerContact(string stateDirectory, TimeProvider time)
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(1);

    private readonly string _file = Path.Join(stateDirectory, "controller-contact");
    private DateTimeOffset? _last = ReadFrom(stateDirectory);
    private DateTimeOffset _saved;

    /// <summary>The last message of a controller; null = never.</summary>
    public DateTimeOffset? Last => _last;

    /// <summary>What an agent that ended has left.</summary>
    public static DateTimeOffset? ReadFrom(string stateDirectory)
    {
        var file = new FileInfo(Path.Join(stateDirectory, "controller-contact"));
        return file.Exists ? file.LastWriteTimeUtc : null;
    }

    /// <summary>The controller says something, or is known to be there at this moment.</summary>
    public void Heard()
    {
        var now = time.GetUtcNow();
        _last = now;
        if ((now - _saved).Duration() >= SaveInterval)
        {
            _saved = now;
            Save(now);
        }
    }

    private void Save(DateTimeOffset now)
    {
        try
        {
            Directory.CreateDirectory(stateDirectory);
            File.OpenHandle(_file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            File.SetLastWriteTimeUtc(_file, now.UtcDateTime);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only an agent that is started again would want it, and then it says "never".
        }
    }
}

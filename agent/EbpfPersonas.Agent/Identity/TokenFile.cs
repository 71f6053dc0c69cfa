using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// The file that the operator puts an enrolment token in; it may appear, and be replaced, at any time. What is in it
/// never gets into a message.
/// </summary>
internal sealed class TokenFile(string? path)
{
    /// <summary>More than any token, and what an editor may put around it.</summary>
    private const int OctetsMax = 4096;

    /// <summary>Null = no file is configured.</summary>
    public string? Path => path;

    /// <summary>Whether there is one at this moment.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>Whether every user of this machine may read it, and enrol in this VM's place.</summary>
    public bool IsReadByOthers => Exists && File.GetUnixFileMode(path!).HasFlag(UnixFileMode.OtherRead);

    /// <summary>Throws <see cref="FormatException"/>, and <see cref="IOException"/> where it cannot be read.</summary>
    public EnrolmentToken Read()
    {
        try
        {
            using var file = new FileStream(
                path!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> octets = stackalloc byte[OctetsMax];
            var length = file.ReadAtLeast(octets, OctetsMax, throwOnEndOfStream: false);
            return EnrolmentToken.TryParse(System.Text.Encoding.ASCII.GetString(octets[..length]).Trim(), out var token)
                ? token
                : throw new FormatException($"{path} does not hold an enrolment token");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
    }

    /// <summary>
    /// The token with this id has done its work; another one stays. Gives why the file could not be deleted, or null.
    /// </summary>
    public string? Remove(string tokenId)
    {
        try
        {
            if (Exists && Read().Id == tokenId)
            {
                File.Delete(path!);
            }

            return null;
        }
        catch (FormatException)
        {
            // It is something else by now.
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// The key of an enrolment that is under way, on disk before anything is sent: a token is good for one key, and an
/// enrolment whose answer was lost must be asked again with the same. The first line names the token, PEM follows.
/// </summary>
internal sealed class PendingKey(string stateDirectory)
{
    private readonly string _file = Path.Join(stateDirectory, "identity.pending");

    /// <summary>
    /// The key that is kept for this token, or a new one, which then is kept; throws <see cref="IOException"/>.
    /// </summary>
    public ECDsa For(string tokenId)
    {
        if (Read() is var (kept, key))
        {
            if (kept == tokenId)
            {
                return key;
            }

            key.Dispose();
        }

        var made = VmKey.Create();
        try
        {
            Directory.CreateDirectory(stateDirectory);
            StateFile.Replace(
                _file, header: [], Encoding.ASCII.GetBytes($"{tokenId}\n{made.ExportPkcs8PrivateKeyPem()}\n"),
                durable: true);
            return made;
        }
        catch (Exception failure)
        {
            made.Dispose();
            throw failure is UnauthorizedAccessException ? new IOException(failure.Message, failure) : failure;
        }
    }

    /// <summary>
    /// The token of which <paramref name="credentials"/> came, where an enrolment was not finished after it had them.
    /// </summary>
    public string? TokenOf(VmCredentials credentials)
    {
        if (Read() is not var (tokenId, key))
        {
            return null;
        }

        using (key)
        {
            return VmKey.IsOf(credentials.Certificate, key) ? tokenId : null;
        }
    }

    /// <summary>The enrolment is finished. What cannot be deleted is used for no other token.</summary>
    public void Drop()
    {
        try
        {
            File.Delete(_file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It will be overwritten.
        }
    }

    /// <summary>Null where there is none, or none that can be read: then the next one replaces it.</summary>
    private (string TokenId, ECDsa Key)? Read()
    {
        if (!File.Exists(_file))
        {
            return null;
        }

        ECDsa? key = null;
        try
        {
            var text = File.ReadAllText(_file);
            key = ECDsa.Create();
            key.ImportFromPem(text);
            return (text[..Math.Max(0, text.IndexOf('\n', StringComparison.Ordinal))], key);
        }
        catch (Exception failure) when (
            failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            key?.Dispose();
            return null;
        }
    }
}

using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// Who this VM is to the controller: its credentials as they are now, on disk and in use. Credentials that the disk
/// does not take are used all the same, and written as soon as it does. Safe for several threads.
/// </summary>
internal sealed class VmIdentity
{
    private readonly CredentialsFile _file;
    private readonly TimeProvider _time;
    private readonly ILogger<VmIdentity> _log;
    private readonly Lock _gate = new();
    private volatile VmCredentials? _current;
    private volatile bool _isKept = true;

    /// <summary>Reads what is there.</summary>
    public VmIdentity(CredentialsFile file, TimeProvider time, ILogger<VmIdentity> log)
    {
        (_file, _time, _log) = (file, time, log);
        try
        {
            _current = file.Load();
        }
        catch (Exception unusable) when (unusable is IOException or FormatException)
        {
            Log.IdentityUnusable(log, file.Path, unusable.Message);
        }
    }

    /// <summary>There are other credentials.</summary>
    public event Action? Changed;

    /// <summary>Null = none.</summary>
    public VmCredentials? Current => _current;

    /// <summary>As <see cref="Current"/>; null where they are expired.</summary>
    public VmCredentials? Usable => _current is { } current && _time.GetUtcNow() <= current.NotAfter ? current : null;

    /// <summary>Whether the current ones are on disk, where a restart finds them.</summary>
    public bool IsKept => _isKept;

    /// <summary>Uses <paramref name="credentials"/> from now on.</summary>
    public void Replace(VmCredentials credentials)
    {
        lock (_gate)
        {
            _current = credentials;
            Keep();
        }

        Changed?.Invoke();
    }

    /// <summary>
    /// Trusts the authorities of <paramref name="bundle"/>, which came over a connection to
    /// <paramref name="controller"/>, in place of those before. A bundle that cannot be used is refused and said.
    /// </summary>
    public void TakeTrust(V1.TrustBundle bundle, X509Certificate2 controller)
    {
        try
        {
            var authorities = TrustBundles.Read(bundle, controller, _time.GetUtcNow());
            lock (_gate)
            {
                if (_current is not { } current || TrustBundles.AreSame(current.Authorities, authorities))
                {
                    return;
                }

                _current = current.With(authorities);
                Keep();
            }

            Log.TrustReplaced(_log, authorities.Count);
            Changed?.Invoke();
        }
        catch (FormatException wrong)
        {
            Log.TrustRefused(_log, wrong.Message);
        }
    }

    /// <summary>Tries again what the disk did not take.</summary>
    public void KeepAgain()
    {
        lock (_gate)
        {
            if (!_isKept)
            {
                Keep();
            }
        }
    }

    private void Keep()
    {
        try
        {
            _file.Save(_current!);
            _isKept = true;
        }
        catch (IOException failure)
        {
            if (_isKept)
            {
                Log.IdentityNotKept(_log, failure.Message);
            }

            _isKept = false;
        }
    }
}

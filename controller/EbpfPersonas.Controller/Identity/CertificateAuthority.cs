namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// The holder of the present <see cref="Authorities"/>. Follows what becomes of their files; where those cannot be read
/// any more, it keeps what it has and says so. For several threads.
/// </summary>
internal sealed class CertificateAuthority
{
    private readonly IAuthoritySource _source;
    private readonly ILogger<CertificateAuthority> _log;
    private readonly Lock _refreshing = new();
    private volatile Authorities _current;
    private string _stamp;
    private string? _said;

    /// <summary>Takes up what is there; throws as <see cref="IAuthoritySource.Load"/> does.</summary>
    public CertificateAuthority(IAuthoritySource source, ILogger<CertificateAuthority> log)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
        _log = log;
        // The stamp first: a change in between is then seen once more, not never.
        _stamp = source.Stamp();
        _current = source.Load();
    }

    /// <summary>Another authority issues, or others are trusted.</summary>
    public event Action? Changed;

    public Authorities Current => _current;

    /// <summary>Looks whether something changed, which takes one or two system calls where nothing did.</summary>
    public void Refresh()
    {
        lock (_refreshing)
        {
            try
            {
                var stamp = _source.Stamp();
                if (stamp == _stamp)
                {
                    return;
                }

                _current = _source.Load();
                (_stamp, _said) = (stamp, null);
            }
            catch (Exception exception) when (
                exception is IOException or UnauthorizedAccessException or InvalidDataException
                    or InvalidOperationException)
            {
                // Two files are not replaced at once: what does not fit may fit at the next look.
                if (_said != exception.Message)
                {
                    _said = exception.Message;
                    _log.AuthoritiesUnreadable(exception.Message);
                }

                return;
            }

            _log.AuthoritiesChanged(
                _current.Issuing.Pin, string.Join(", ", _current.Trusted.Select(authority => authority.Pin)));
        }

        Changed?.Invoke();
    }
}

namespace EbpfPersonas.Controller.Identity;

/// <summary>What comes of asking for a certificate.</summary>
internal enum CertificateOutcome
{
    Issued,

    /// <summary>Who asks has not shown that he may.</summary>
    Refused,

    /// <summary>What is asked for cannot be had by anybody.</summary>
    Invalid,

    /// <summary>Too often.</summary>
    TooMany,
}

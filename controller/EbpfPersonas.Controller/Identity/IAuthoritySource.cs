namespace EbpfPersonas.Controller.Identity;

/// <summary>Where the authorities are kept.</summary>
internal interface IAuthoritySource
{
    /// <summary>Changes whenever what is kept there may have changed.</summary>
    string Stamp();

    /// <summary>
    /// What is kept there; throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> or
    /// <see cref="InvalidDataException"/>.
    /// </summary>
    Authorities Load();
}

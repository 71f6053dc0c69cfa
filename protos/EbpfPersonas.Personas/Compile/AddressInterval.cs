namespace EbpfPersonas.Personas.Compile;

/// <summary>Addresses behind the interval before, up to <paramref name="Last"/>, which have one class.</summary>
internal readonly record struct AddressInterval(UInt128 Last, uint Reference);

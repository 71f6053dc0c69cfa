namespace EbpfPersonas.Personas.Compile;

/// <summary>Addresses behind the range before, up to <paramref name="Last"/>, which have one class.</summary>
internal readonly record struct AddressRange(UInt128 Last, uint Reference);

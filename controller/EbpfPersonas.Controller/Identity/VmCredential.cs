using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// Who speaks, shown by the certificate of that serial number for the key of that pin, which is good until then.
/// </summary>
internal sealed record VmCredential(
    VmKey Vm, string Serial, string KeyPin, DateTimeOffset NotAfter, ReadOnlyMemory<byte> Certificate);

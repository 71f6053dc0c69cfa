using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Who speaks, shown by the certificate of that serial number, which is good until then.</summary>
internal sealed record VmCredential(
    VmKey Vm, string Serial, DateTimeOffset NotAfter, ReadOnlyMemory<byte> Certificate);

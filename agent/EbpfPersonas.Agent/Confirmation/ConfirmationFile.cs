using EbpfPersonas.Agent.Link;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// The <see cref="ConfirmationMemory"/> on disk, in the file "confirmation" of the state directory, for one VM and one
/// boot.
/// </summary>
internal sealed class ConfirmationFile(string stateDirectory, string vmId, string bootId)
{
    private readonly string _path = Path.Join(stateDirectory, "confirmation");

    /// <summary>
    /// What was kept (null = nothing, or of another VM), whether in this boot, and what is wrong with what is there.
    /// </summary>
    public (ConfirmationMemory? Memory, bool IsThisBoot, string? Fault) Load()
    {
        try
        {
            var wire = V1.ConfirmationState.Parser.ParseFrom(StateFile.Read(_path));
            return wire.VmId == vmId
                ? (ConfirmationMemory.FromWire(wire), wire.BootId == bootId, null)
                : (null, true, null);
        }
        catch (StateFileException unusable)
        {
            return (null, true, unusable.Fault == StateFault.Missing ? null : unusable.Message);
        }
        catch (Exception unreadable) when (unreadable is InvalidProtocolBufferException or NullReferenceException)
        {
            return (null, true, $"{_path}: {unreadable.Message}");
        }
    }

    /// <summary>Throws <see cref="IOException"/> that names the path, and then what was there before is.</summary>
    public void Write(ConfirmationMemory memory, bool durable)
    {
        ArgumentNullException.ThrowIfNull(memory);
        Directory.CreateDirectory(stateDirectory);
        StateFile.Write(_path, memory.ToWire(vmId, bootId).ToByteArray(), durable);
    }
}

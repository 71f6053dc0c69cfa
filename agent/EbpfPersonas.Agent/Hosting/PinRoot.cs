using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>The folder in which the datapath is pinned has to be on a bpffs.</summary>
internal static class PinRoot
{
    /// <summary>
    /// Throws <see cref="SettingsException"/> where <paramref name="pinDirectory"/>, which need not exist yet, would
    /// not be on a bpffs.
    /// </summary>
    public static void Require(string? pinDirectory)
    {
        try
        {
            if (pinDirectory is not null)
            {
                PinFolder.RequireBpfFileSystem(pinDirectory);
            }
        }
        catch (IOException e)
        {
            throw new SettingsException([$"pin_root: {e.Message}; 'none' lets the filters end with the agent."]);
        }
    }
}

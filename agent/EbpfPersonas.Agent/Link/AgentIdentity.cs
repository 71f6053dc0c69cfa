using System.Reflection;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Settings;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>What the agent says of itself when a stream begins.</summary>
internal sealed class AgentIdentity(AgentSettings settings, Func<AttachMode> attached, Func<bool> early)
{
    /// <summary>The version of this program.</summary>
    public static string Version { get; } =
        typeof(AgentIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    /// <summary>Another one at every boot of the machine.</summary>
    public static string BootId { get; } = ReadLine("/proc/sys/kernel/random/boot_id");

    /// <summary>The first message of a stream.</summary>
    public V1.Hello Hello(V1.RealisedState realised) => new()
    {
        AgentVersion = Version,
        KernelRelease = ReadLine("/proc/sys/kernel/osrelease"),
        BootId = BootId,
        Capabilities = { Capabilities() },
        Realised = realised,
    };

    private IEnumerable<string> Capabilities()
    {
        // Auto: no interface has come yet that would have shown what the kernel can do.
        if (attached() is not AttachMode.Auto and var mode)
        {
            yield return mode == AttachMode.Tcx ? "attach:tcx" : "attach:clsact";
        }

        if (early())
        {
            yield return "early:connect";
            yield return "early:sendmsg";
        }

        yield return "trigger:process";
        if (settings.InKernelActivation)
        {
            yield return "activation:kernel";
        }
    }

    private static string ReadLine(string file) => File.ReadAllText(file).Trim();
}

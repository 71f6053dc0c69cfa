using EbpfPersonas.Agent.Link;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// Says what is wrong with the VM's credentials: in the status as long as it lasts, in the log once whenever it
/// changes.
/// </summary>
internal sealed class IdentityConditions(AgentConditions conditions, ILogger<IdentityConditions> log)
{
    /// <inheritdoc cref="AgentConditions.Set"/>
    public void Set(string type, string message)
    {
        if (conditions.Current.GetValueOrDefault(type) != message)
        {
            Log.IdentityCondition(log, message);
            conditions.Set(type, message);
        }
    }

    /// <inheritdoc cref="AgentConditions.Clear"/>
    public void Clear(string type) => conditions.Clear(type);
}

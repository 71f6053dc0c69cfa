namespace EbpfPersonas.Agent.Settings;

/// <summary>A setting as it was written, and where: "agent.json", "EBPF_PERSONAS_VM_ID", "--vm_id".</summary>
internal readonly record struct SettingText(string Text, string Origin);

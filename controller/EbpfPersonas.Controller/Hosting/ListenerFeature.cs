namespace EbpfPersonas.Controller.Hosting;

/// <summary>Marks a connection with the listener that accepted it.</summary>
internal sealed record ListenerFeature(bool ForAgents);

using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Controller.Personas.Documents;

/// <summary>
/// One of the document's own <c>tests</c>: the first packet of a flow, and whether it must be allowed.
/// </summary>
internal sealed record VerdictTest(string Pointer, Packet Packet, bool ExpectAllowed);

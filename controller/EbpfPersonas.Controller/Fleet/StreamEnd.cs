using Grpc.Core;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Why the controller ends an agent's stream: the status that the agent gets, with its sentence.</summary>
internal sealed record StreamEnd(StatusCode Code, string Sentence)
{
    public static StreamEnd Replaced { get; } =
        new(StatusCode.Aborted, "Another stream of this VM took the place of this one.");

    public static StreamEnd Revoked { get; } =
        new(StatusCode.Unauthenticated, "The client certificate is revoked.");

    public static StreamEnd Expired { get; } =
        new(StatusCode.Unauthenticated, "The client certificate is expired.");

    public static StreamEnd NotReading { get; } =
        new(StatusCode.DeadlineExceeded, "The agent did not take what was sent to it.");

    /// <summary>The certificate does not count any more.</summary>
    public static StreamEnd Refused(string sentence) => new(StatusCode.Unauthenticated, sentence);
}

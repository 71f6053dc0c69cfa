using EbpfPersonas.Controller.Hosting;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Tests that measure memory and time of the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AbuseCollection
{
    public const string Name = "abuse";

    /// <summary>Of a controller that gives up on others as soon as a test wants it.</summary>
    internal static PeerPatience Impatient { get; } = new()
    {
        Body = TimeSpan.FromSeconds(3),
        Write = TimeSpan.FromSeconds(3),
    };
}

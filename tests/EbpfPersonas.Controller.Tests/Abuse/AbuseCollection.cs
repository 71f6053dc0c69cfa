using Xunit;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Tests that measure memory and time of the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AbuseCollection
{
    public const string Name = "abuse";
}

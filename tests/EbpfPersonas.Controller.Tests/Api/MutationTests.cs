using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Tests.Abuse;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

/// <summary>What stays valid of mutated documents is kept as it was sent; Abuse has what is refused.</summary>
public sealed class MutationTests : ControllerTest
{
    private const int Rounds = 1000;

    /// <summary>Seeded, so that a failure can be repeated.</summary>
    [Fact]
    public async Task A_mutated_document_is_accepted_or_refused_with_a_reason_and_never_breaks_the_controller()
    {
        var seed = await File.ReadAllTextAsync(RepositoryFiles.Case("seed", "persona.json"));
        var random = new Random(20261123);
        var (accepted, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var mutated = JsonMutator.Text(seed, random);
            using var answer = await Controller.Http.PutAsync(
                "/api/v1/personas/database_client", RunningController.Json(mutated));
            var status = (int)answer.StatusCode;
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.True(status is 200 or 201 or 400 or 422, $"round {round}: {status} {body}\n{mutated}");
            if (status is 200 or 201)
            {
                accepted++;
                var back = await Controller.Http.GetStringAsync("/api/v1/personas/database_client");
                Assert.StartsWith(mutated.TrimEnd()[..^1].TrimEnd(), back, StringComparison.Ordinal);
            }
            else
            {
                refused++;
                Assert.NotEmpty(body["errors"]!.AsArray());
            }
        }

        Assert.True(accepted > 10 && refused > Rounds / 2, $"{accepted} accepted, {refused} refused");
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class MutationTests : ControllerTest
{
    private const int Rounds = 4000;

    private static readonly string[] Pieces =
    [
        "null", "true", "-1", "1e999", "0.5", "\"\"", "\"\\ud800\"", "\"\\u001b[31m\"", "[]", "{}", "[[[[]]]]",
        "{\"a\":{}}", "99999999999999999999",
        "\"deny, allow\"", "\"::ffff:1.2.3.4\"", "\"10.0.0.0/33\"", ",", ":", "\"", "{", "}", "\\", "\"name\":\"x\",",
        "\u0000", "é",
    ];

    /// <summary>Seeded, so that a failure can be repeated.</summary>
    [Fact]
    public async Task A_mutated_document_is_accepted_or_refused_with_a_reason_and_never_breaks_the_controller()
    {
        var seed = await File.ReadAllTextAsync(RepositoryFiles.Case("seed", "persona.json"));
        var random = new Random(20261123);
        var (accepted, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var mutated = Mutate(seed, random);
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

        Assert.True(accepted > 20 && refused > Rounds / 2, $"{accepted} accepted, {refused} refused");
    }

    private static string Mutate(string seed, Random random)
    {
        var text = new StringBuilder(seed);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = random.Next(Math.Min(6, text.Length - at));
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text[at] = (char)random.Next(1, 128);
                    break;
                case 3:
                    text.Insert(random.Next(text.Length), text.ToString(at, length));
                    break;
                default:
                    ReplaceValue(text, random);
                    break;
            }
        }

        return text.ToString();
    }

    /// <summary>Puts another value where one stands, so that many mutants are still JSON.</summary>
    private static void ReplaceValue(StringBuilder text, Random random)
    {
        var whole = text.ToString();
        var colons = Enumerable.Range(0, whole.Length).Where(index => whole[index] == ':').ToArray();
        if (colons.Length == 0)
        {
            return;
        }

        var from = colons[random.Next(colons.Length)] + 1;
        var to = whole.IndexOfAny([',', '}', ']'], from);
        if (to > from)
        {
            text.Remove(from, to - from).Insert(from, Pieces[random.Next(Pieces.Length)]);
        }
    }
}

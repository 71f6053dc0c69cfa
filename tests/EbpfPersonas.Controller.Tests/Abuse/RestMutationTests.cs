using System.Text;
using EbpfPersonas.Controller.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Controller.Tests.Abuse;

[Collection(AbuseCollection.Name)]
public sealed class RestMutationTests(ITestOutputHelper output) : ControllerTest
{
    [Fact]
    public async Task Mutated_bodies_are_refused_and_nothing_of_them_is_kept()
    {
        await using (var agent = await Controller.AgentAsync("vm-1"))
        {
            await Controller.WaitForVmAsync("vm-1", status => (bool)status["connected"]!);
        }

        var kept = KeptThings.Of(Controller.StoreFile);
        await using var memory = new MemoryWatch();

        // Three of four of a campaign; the messages of agents are the fourth.
        var wrong = await MutationCampaign.RunAsync(MutationCampaign.Total / 4 * 3, (_, random) => OneAsync(random));

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        output.WriteLine(memory.ExpectBounded());
        Assert.Equal(kept, KeptThings.Of(Controller.StoreFile));
        Assert.Empty((await Controller.GetAsync("/api/v1/vms/vm-1/bindings"))["personas"]!.AsArray());

        Task<string?> OneAsync(Random random)
        {
            var operation = RestOperation.All[random.Next(RestOperation.All.Count)];
            return operation.SendAsync(Controller.Http, JsonMutator.Bytes(operation.Body, random));
        }
    }

    /// <summary>The campaign is worth something: it finds an endpoint that fails at what few mutants have.</summary>
    [Fact]
    public async Task A_handler_that_fails_at_one_mutation_is_found()
    {
        await Controller.StopAsync();
        Controller.Extend = app => app.MapPut("/api/v1/broken", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body, Encoding.UTF8);
            var text = await reader.ReadToEndAsync();
            return text.Contains("1e999", StringComparison.Ordinal)
                ? throw new InvalidOperationException("Broken on purpose.")
                : Results.UnprocessableEntity();
        }).Allows(Role.Operator);
        await Controller.StartAgainAsync();
        var broken = RestOperation.All[0] with { Path = "/api/v1/broken" };

        var wrong = await MutationCampaign.RunAsync(
            1000, (_, random) => broken.SendAsync(Controller.Http, JsonMutator.Bytes(broken.Body, random)));

        Assert.NotEmpty(wrong);
        Assert.All(wrong, found => Assert.Contains(": 500 ", found, StringComparison.Ordinal));
    }
}

using System.Net;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Audit;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

public sealed class LimitTests : ControllerTest
{
    [Fact]
    public async Task Who_guesses_tokens_is_refused_and_those_who_have_one_are_not()
    {
        using var guesser = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        var statuses = new List<HttpStatusCode>();
        for (var guess = 0; guess < 200; guess++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms");
            request.Headers.Authorization = new("Bearer", $"ebpfp_api_{guess:x16}_{new string('0', 64)}");
            using var answer = await guesser.SendAsync(request);
            statuses.Add(answer.StatusCode);
        }

        Assert.All(
            statuses.Take(RecordCounts.Max),
            status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        // A window may have ended meanwhile.
        Assert.InRange(statuses.Count(status => status == HttpStatusCode.Unauthorized), 20, 40);
        Assert.All(
            statuses, status => Assert.True(status is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
        await Controller.GetAsync("/api/v1/vms");
        Assert.Equal(HttpStatusCode.OK, (await guesser.GetAsync("/healthz")).StatusCode);
        // Beyond that, refusing costs no records.
        var audit = await Controller.Get<IAudit>().VerifyAsync();
        Assert.InRange(audit.Last!.Sequence, 21, 44);
    }

    [Fact]
    public async Task Each_token_has_its_own_share()
    {
        await Controller.StopAsync();
        Controller.Settings = settings => settings with { RequestsPerSecond = 5 };
        await Controller.StartAgainAsync();
        using var busy = await Controller.CallerAsync(Role.Viewer);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => busy.GetAsync("/api/v1/vms")));

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        var refused = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        await RunningController.ProblemAsync(refused, 429);
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        await Controller.GetAsync("/api/v1/vms");
        Assert.All(answers, answer => answer.Dispose());
    }
}

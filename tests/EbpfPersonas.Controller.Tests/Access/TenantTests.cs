using System.Net;
using EbpfPersonas.Controller.Access;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

public sealed class TenantTests : ControllerTest
{
    [Fact]
    public async Task Two_tenants_use_the_same_names_and_see_nothing_of_each_other()
    {
        using var other = await Controller.CallerAsync(Role.Admin, "other");
        await Controller.PutPersonaAsync(RunningController.Persona);
        using var put = await other.PutAsync("/api/v1/personas/db", RunningController.Json("""{"name":"db"}"""));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["db"]""", "db");

        using var mine = await Controller.Http.GetAsync("/api/v1/personas/db");
        Assert.Contains("3306", await mine.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var theirs = await other.GetAsync("/api/v1/personas/db");
        Assert.DoesNotContain("3306", await theirs.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var vms = await other.GetAsync("/api/v1/vms");
        Assert.Empty((await RunningController.SuccessAsync(vms))["items"]!.AsArray());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms/vm-1/activity");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await other.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.NotFound, stream.StatusCode);
        // A VM of one refers to this tenant's persona, and not to the other's of that name.
        using var deleted = await other.DeleteAsync("/api/v1/personas/db");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var used = await Controller.Http.DeleteAsync("/api/v1/personas/db");
        await RunningController.ProblemAsync(used, 409);
    }

    [Fact]
    public async Task The_answer_about_what_is_another_tenant_s_is_that_about_what_nobody_has()
    {
        using var other = await Controller.CallerAsync(Role.Admin, "other");
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");

        string[] paths =
            ["vms/vm-1", "vms/vm-1/status", "vms/vm-1/activations", "personas/db", "personas/db/revisions"];
        foreach (var path in paths)
        {
            using var theirs = await other.GetAsync($"/api/v1/{path}");
            using var nobodys = await other.GetAsync(
                $"/api/v1/{Others(path)}");
            Assert.Equal(HttpStatusCode.NotFound, theirs.StatusCode);
            Assert.Equal(
                await nobodys.Content.ReadAsStringAsync(),
                Others(await theirs.Content.ReadAsStringAsync()));
        }

        static string Others(string text) => text
            .Replace("vm-1", "vm-2", StringComparison.Ordinal).Replace("db", "dc", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_tell_of_the_caller_s_tenant()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        using var other = await Controller.CallerAsync(Role.Viewer, "other");

        Assert.Contains(
            "persona_controller_agents_connected 1\n", await Controller.Http.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
        Assert.Contains(
            "persona_controller_agents_connected 0\n", await other.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
    }
}

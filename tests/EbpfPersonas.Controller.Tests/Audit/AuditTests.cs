using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Controller.Tests.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Audit;

public sealed class AuditTests : ControllerTest
{
    private int _copies;

    [Fact]
    public async Task Every_write_leaves_a_record_of_who_what_from_where_and_its_result()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        var before = (await RecordsAsync()).Count;
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.BindAsync("vm-1", """["db"]""");
        await Controller.ActivateAsync("vm-1", """{"persona":"db"}""");
        using var released = await Controller.DeactivateAsync("vm-1");
        using var refused = await Controller.Http.DeleteAsync("/api/v1/personas/db");
        using var invalid = await Controller.Http.PutAsync("/api/v1/personas/db", RunningController.Json("{}"));
        using var dry = await Controller.Http.PostAsync(
            "/api/v1/personas/validate", RunningController.Json(RunningController.Persona));
        await Controller.GetAsync("/api/v1/vms");

        var records = (await RecordsAsync()).SkipLast(before).Reverse().ToArray();

        Assert.Equal(
            [
                "PutPersona /api/v1/personas/db ok", "PutPersona /api/v1/personas/db ok",
                "PutBindings /api/v1/vms/vm-1/bindings ok", "Activate /api/v1/vms/vm-1/activations ok",
                "Deactivate /api/v1/vms/vm-1/activations/current ok",
                "DeletePersona /api/v1/personas/db refused: 409", "PutPersona /api/v1/personas/db refused: 422",
            ],
            records.Select(record => $"{record!["action"]} {record["target"]} {record["result"]}"));
        Assert.All(records, record =>
        {
            Assert.Matches(@"^token [0-9a-f]{16} \(test\)\z", (string)record!["actor"]!);
            Assert.Equal("127.0.0.1", (string?)record["source"]);
        });
    }

    [Fact]
    public async Task Every_refusal_leaves_a_record_also_of_those_whom_nobody_knows()
    {
        using var viewer = await Controller.CallerAsync(Role.Viewer);
        using var anonymous = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        using var forbidden = await viewer.DeleteAsync("/api/v1/vms/vm-1");
        using var unknown = await anonymous.GetAsync("/api/v1/vms");

        var records = AgentAudit.Read(Controller.StoreFile);

        Assert.Equal(("DeleteVm", "refused: 403"), (records[^2].Action, records[^2].Result));
        Assert.Equal(
            ("ListVms", "refused: 401", "anonymous", null),
            (records[^1].Action, records[^1].Result, records[^1].Actor, records[^1].Tenant));
        // Whose it is nobody knows, so that no tenant is shown it.
        Assert.DoesNotContain(await RecordsAsync(), record => (string?)record!["actor"] == "anonymous");
    }

    [Fact]
    public async Task The_chain_holds_and_whatever_is_changed_in_it_is_found()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await Controller.PutPersonaAsync("""{"name":"b"}""");
        await Controller.PutPersonaAsync("""{"name":"c"}""");
        var audit = Controller.Get<IAudit>();
        var whole = await audit.VerifyAsync();
        Assert.Null(whole.Broken);
        Assert.Equal(4, whole.Last!.Sequence);
        Assert.Equal(Convert.ToHexStringLower(whole.Last.Hash.Span), (await audit.VerifyAsync(4)).Expected);
        await Controller.StopAsync();
        Execute(Controller.StoreFile, "PRAGMA wal_checkpoint(TRUNCATE)");

        string[] changes =
        [
            "UPDATE audit SET at = at + 1 WHERE sequence = 2", "UPDATE audit SET tenant = 'other' WHERE sequence = 2",
            "UPDATE audit SET tenant = NULL WHERE sequence = 2", "UPDATE audit SET actor = 'x' WHERE sequence = 2",
            "UPDATE audit SET action = 'x' WHERE sequence = 2", "UPDATE audit SET target = 'x' WHERE sequence = 2",
            "UPDATE audit SET source = 'x' WHERE sequence = 2", "UPDATE audit SET result = 'x' WHERE sequence = 2",
            "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 2", "DELETE FROM audit WHERE sequence = 2",
            "DELETE FROM audit WHERE sequence = 2; UPDATE audit SET sequence = sequence - 1 WHERE sequence > 2",
            "UPDATE audit SET sequence = 99 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 3; " +
            "UPDATE audit SET sequence = 3 WHERE sequence = 99",
            "UPDATE audit SET actor = actor || action, action = '' WHERE sequence = 2",
        ];
        foreach (var change in changes)
        {
            Assert.Equal(2, (await VerifyAfterAsync(change)).Broken);
        }

        // What is cut off at the end is missed only by whoever knows what was there.
        var cut = await VerifyAfterAsync("DELETE FROM audit WHERE sequence = 4");
        Assert.Equal((null, null), (cut.Broken, cut.Expected));
        Assert.Null((await VerifyAfterAsync("SELECT 1")).Broken);
        await Controller.StartAgainAsync();
    }

    [Fact]
    public async Task There_is_no_change_without_its_record_and_no_record_without_its_change()
    {
        Execute(
            Controller.StoreFile, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END");

        using var put = await Controller.Http.PutAsync(
            "/api/v1/personas/db", RunningController.Json(RunningController.Persona));

        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, put.StatusCode);
        Assert.Null(await Controller.Get<IStore>().FindPersonaAsync("default", "db"));
        Execute(Controller.StoreFile, "DROP TRIGGER full");
        await Controller.PutPersonaAsync(RunningController.Persona);
    }

    private async Task<JsonArray> RecordsAsync() =>
        (await Controller.GetAsync("/api/v1/audit?limit=500"))["items"]!.AsArray();

    /// <summary>What the walk finds in a copy of the store in which something was changed.</summary>
    private async Task<AuditVerification> VerifyAfterAsync(string change)
    {
        // Each with a write-ahead log of its own.
        var copy = $"{Controller.StoreFile}.{++_copies}";
        File.Copy(Controller.StoreFile, copy);
        Execute(copy, change);
        return await new SqliteStore(copy).Audit.VerifyAsync(4);
    }

    private static void Execute(string file, string statement)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}

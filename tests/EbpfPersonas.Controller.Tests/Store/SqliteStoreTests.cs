using System.Collections.Immutable;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Personas.Activation;
using Microsoft.Data.Sqlite;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Store;

public sealed class SqliteStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);

    private const string Tenant = "one";

    private static readonly VmKey Vm = new(Tenant, "vm-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-store-").FullName;

    private string File => Path.Combine(_folder, "deeper", "controller.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Everything_is_there_after_the_file_was_opened_again()
    {
        var store = new SqliteStore(File);
        await store.PutPersonaAsync(Tenant, "a", "{}"u8.ToArray(), WriteCondition.None, Now);
        var vm = new StoredVm
        {
            Key = Vm,
            FirstSeen = Now,
            LastContact = Now,
            AgentVersion = "1",
            KernelRelease = "6.18",
            BootId = "b",
            Capabilities = ["attach:tcx", "x"],
            Bindings = ["a"],
            Default = "a",
            Memory = ImmutableDictionary<string, BindingMemory>.Empty.Add("a", new BindingMemory
            {
                State = BindingState.Lingering,
                Since = TimeSpan.FromMilliseconds(1_800_000_000_123),
                LingersUntil = TimeSpan.FromMilliseconds(1_800_000_000_124),
            }),
            Pin = new ManualPin("a", Now),
            PinReason = "why",
            Desired = new DesiredState(7, "a", 1, ActivationCause.Manual, "because.", Now)
            {
                Staged = new StagedRevisions([new StagedRevision("s", 2), new StagedRevision("a", 1)], 1),
            },
            Realised = new RealisedState(6, 5, "a", 1, Now),
            OwnSwitch = new OwnSwitch(5, 7, "s", 2, ActivationCause.Trigger, "by itself.", Now),
            ReportedEpoch = 5,
            Rollbacks = [new Rollback("a", 1, 2, true, Now, "timeout")],
            Failure = new ApplyFailure(7, "KERNEL", "no", Now),
        };
        var entry = new ActivationEntry
        {
            Generation = 7,
            Persona = "a",
            Revision = 1,
            Previous = null,
            Cause = ActivationCause.Manual,
            Sentence = "because.",
            At = Now,
            Process = new ActivationProcess("started", 1, 2, 3, "u", "/p", "/e", Now),
        };
        await store.SaveVmAsync(new VmChange(vm) { Activations = [entry] });

        // A killed process closes nothing: a second opening of the same file sees what the first one committed.
        var again = new SqliteStore(File);

        Assert.Equal(store.ControllerId, again.ControllerId);
        var read = Assert.Single(await again.LoadVmsAsync());
        Assert.Equal(vm.Bindings.ToArray(), read.Bindings.ToArray());
        Assert.Equal(vm.Capabilities.ToArray(), read.Capabilities.ToArray());
        Assert.Equal(vm.Memory, read.Memory);
        Assert.Equal(vm.Rollbacks.ToArray(), read.Rollbacks.ToArray());
        Assert.Equal(
            vm,
            read with
            {
                Bindings = vm.Bindings,
                Capabilities = vm.Capabilities,
                Memory = vm.Memory,
                Rollbacks = vm.Rollbacks,
            });
        Assert.Equal(entry with { Id = 1 }, Assert.Single(await again.ListActivationsAsync(Vm, long.MaxValue, 10)));
        Assert.Equal("{}"u8.ToArray(), (await again.FindPersonaAsync(Tenant, "a"))!.Document.ToArray());
    }

    [Fact]
    public async Task What_differs_from_before_is_written_and_a_report_is_seen_by_others_at_once()
    {
        var store = new SqliteStore(File);
        await store.PutPersonaAsync(Tenant, "a", "{}"u8.ToArray(), WriteCondition.None, Now);
        var vm = new StoredVm { Key = Vm, FirstSeen = Now, LastContact = Now };
        var memory = new BindingMemory { State = BindingState.Live, Since = Now - DateTimeOffset.UnixEpoch };
        Func<StoredVm, StoredVm>[] changes =
        [
            it => it,
            it => it with { Bindings = ["a"] },
            it => it with { Memory = it.Memory.Add("a", memory) },
            it => it with
            {
                Desired = it.Desired with { Generation = 1, Staged = new StagedRevisions([new("a", 1)], 1) },
            },
            it => it with { LastContact = Now + TimeSpan.FromMinutes(1) },
            it => it with { Bindings = [], Memory = it.Memory.Clear() },
        ];
        foreach (var change in changes)
        {
            var next = change(vm);
            await store.SaveVmAsync(new VmChange(next) { Before = vm, IsReported = true });

            var read = Assert.Single(await new SqliteStore(File).LoadVmsAsync());
            Assert.Equal(next.Bindings.ToArray(), read.Bindings.ToArray());
            Assert.Equal(next.Memory, read.Memory);
            Assert.Equal(next.Desired, read.Desired);
            Assert.Equal(next.LastContact, read.LastContact);
            vm = next;
        }
    }

    [Fact]
    public async Task A_VM_keeps_its_newest_thousand_activations()
    {
        var store = new SqliteStore(File);
        var vm = new StoredVm { Key = Vm, FirstSeen = Now, LastContact = Now };
        var entries = Enumerable.Range(1, 1100).Select(generation => Entry(generation)).ToArray();

        await store.SaveVmAsync(new VmChange(vm) { Activations = entries });

        var kept = await store.ListActivationsAsync(Vm, long.MaxValue, 2000);
        Assert.Equal((1000, 1100L, 101L), (kept.Count, kept[0].Generation, kept[^1].Generation));
    }

    [Fact]
    public async Task An_answer_completes_its_generation_and_a_new_one_supersedes_what_waits()
    {
        var store = new SqliteStore(File);
        var vm = new StoredVm { Key = Vm, FirstSeen = Now, LastContact = Now };

        await store.SaveVmAsync(new VmChange(vm) { Activations = [Entry(1)] });
        await store.SaveVmAsync(new VmChange(vm) { Activations = [Entry(2)] });
        var answer = new VmChange(vm)
        {
            Answer = ActivationResult.Failed,
            AnsweredGeneration = 2,
            AnsweredAt = Now,
            Error = "no",
        };
        await store.SaveVmAsync(answer);

        var results = (await store.ListActivationsAsync(Vm, long.MaxValue, 10)).Select(
            entry => (entry.Generation, entry.Result, entry.Error));
        Assert.Equal([(2L, "failed", "no"), (1L, "superseded", null)], results);
    }

    [Fact]
    public async Task A_switch_that_a_VM_made_by_itself_is_neither_answered_nor_supersedes()
    {
        var store = new SqliteStore(File);
        var vm = new StoredVm { Key = Vm, FirstSeen = Now, LastContact = Now };
        var own = Entry(1) with { Epoch = 3, Result = ActivationResult.Realized, ResultAt = Now };

        await store.SaveVmAsync(new VmChange(vm) { Activations = [Entry(1)] });
        await store.SaveVmAsync(new VmChange(vm) { Activations = [own] });
        var pending = (await store.ListActivationsAsync(Vm, long.MaxValue, 10))[1].Result;
        await store.SaveVmAsync(new VmChange(vm) { Answer = ActivationResult.Failed, AnsweredGeneration = 1 });

        Assert.Equal(ActivationResult.Pending, pending);
        var lines = await store.ListActivationsAsync(Vm, long.MaxValue, 10);
        Assert.Equal(own with { Id = 2 }, lines[0]);
        Assert.Equal(ActivationResult.Failed, lines[1].Result);
    }

    [Fact]
    public async Task A_file_of_the_first_version_is_taken_over_for_the_default_tenant()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        using (var connection = new SqliteConnection($"Data Source={File}"))
        {
            connection.Open();
            SqliteSchema.Migrate(connection, 1);
        }

        var (at, manually) = (Now.ToUnixTimeMilliseconds(), (int)ActivationCause.Manual);
        Execute(command => command.CommandText =
            $"""
            INSERT INTO personas SELECT value, 2, 0, {at} FROM json_each('["a", "b", "c"]');
            INSERT INTO persona_revisions SELECT name, 2, CAST('-' AS BLOB), {at} FROM personas;
            INSERT INTO vms (id, first_seen, last_contact, agent_version, kernel_release, boot_id, capabilities,
                desired_generation, desired_persona, desired_revision, desired_cause, desired_sentence, desired_since,
                held_persona)
                SELECT value ->> 0, {at}, {at}, '1', '6.1', 'x', 'attach:tcx', 1, 'a', 2, value ->> 1, 'because.', {at},
                    'b'
                FROM json_each('[["vm-Manual", {manually}], ["vm-Trigger", {(int)ActivationCause.Trigger}]]');
            INSERT INTO bindings SELECT vms.id, p.rowid, p.name FROM vms,
                (SELECT 1 AS rowid, 'a' AS name UNION SELECT 2, 'b' UNION SELECT 3, 'c') p;
            INSERT INTO activations (vm_id, generation, persona, revision, cause, sentence, at, result)
                VALUES ('vm-Manual', 1, 'a', 2, {manually}, 'because.', {at}, 'realized')
            """);
        var store = new SqliteStore(File);
        var read = await store.LoadVmsAsync();

        var since = Now - DateTimeOffset.UnixEpoch;
        var held = KeyValuePair.Create("b", new BindingMemory { State = BindingState.Held, Since = since });
        var manual = read.Single(vm => vm.Key == new VmKey("default", "vm-Manual"));
        Assert.Equal([held], manual.Memory);
        Assert.Equal(["a", "b", "c"], manual.Bindings.ToArray());
        Assert.Equal(
            [KeyValuePair.Create("a", new BindingMemory { State = BindingState.Live, Since = since }), held],
            read.Single(vm => vm.Key == new VmKey("default", "vm-Trigger")).Memory
                .OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(2, (await store.FindPersonaAsync("default", "c"))!.Revision);
        Assert.Null(await store.FindPersonaAsync("other", "c"));
        var history = await store.ListActivationsAsync(manual.Key, long.MaxValue, 9);
        Assert.Equal("because.", Assert.Single(history).Sentence);
    }

    [Fact]
    public void A_file_of_a_newer_version_is_refused()
    {
        _ = new SqliteStore(File);
        Execute(command => command.CommandText = "PRAGMA user_version = 99");

        var refused = Assert.Throws<InvalidOperationException>(() => new SqliteStore(File));
        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_journal_is_a_write_ahead_log()
    {
        _ = new SqliteStore(File);
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";
        Assert.Equal("wal", command.ExecuteScalar());
    }

    private void Execute(Action<SqliteCommand> write)
    {
        using var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        using var command = connection.CreateCommand();
        write(command);
        command.ExecuteNonQuery();
    }

    private static ActivationEntry Entry(long generation) => new()
    {
        Generation = generation,
        Persona = null,
        Revision = 0,
        Previous = null,
        Cause = ActivationCause.None,
        Sentence = "x",
        At = Now,
    };
}

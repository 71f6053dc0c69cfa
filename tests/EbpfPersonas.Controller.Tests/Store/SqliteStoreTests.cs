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
        await store.PutPersonaAsync("a", "{}"u8.ToArray(), WriteCondition.None, Now);
        var vm = new StoredVm
        {
            Id = "vm-1",
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
        Assert.Equal(entry with { Id = 1 }, Assert.Single(await again.ListActivationsAsync("vm-1", long.MaxValue, 10)));
        Assert.Equal("{}"u8.ToArray(), (await again.FindPersonaAsync("a"))!.Document.ToArray());
    }

    [Fact]
    public async Task What_differs_from_before_is_written_and_a_report_is_seen_by_others_at_once()
    {
        var store = new SqliteStore(File);
        await store.PutPersonaAsync("a", "{}"u8.ToArray(), WriteCondition.None, Now);
        var vm = new StoredVm { Id = "vm-1", FirstSeen = Now, LastContact = Now };
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
        var vm = new StoredVm { Id = "vm-1", FirstSeen = Now, LastContact = Now };
        var entries = Enumerable.Range(1, 1100).Select(generation => Entry(generation)).ToArray();

        await store.SaveVmAsync(new VmChange(vm) { Activations = entries });

        var kept = await store.ListActivationsAsync("vm-1", long.MaxValue, 2000);
        Assert.Equal((1000, 1100L, 101L), (kept.Count, kept[0].Generation, kept[^1].Generation));
    }

    [Fact]
    public async Task An_answer_completes_its_generation_and_a_new_one_supersedes_what_waits()
    {
        var store = new SqliteStore(File);
        var vm = new StoredVm { Id = "vm-1", FirstSeen = Now, LastContact = Now };

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

        var results = (await store.ListActivationsAsync("vm-1", long.MaxValue, 10)).Select(
            entry => (entry.Generation, entry.Result, entry.Error));
        Assert.Equal([(2L, "failed", "no"), (1L, "superseded", null)], results);
    }

    [Fact]
    public async Task A_switch_that_a_VM_made_by_itself_is_neither_answered_nor_supersedes()
    {
        var store = new SqliteStore(File);
        var vm = new StoredVm { Id = "vm-1", FirstSeen = Now, LastContact = Now };
        var own = Entry(1) with { Epoch = 3, Result = ActivationResult.Realized, ResultAt = Now };

        await store.SaveVmAsync(new VmChange(vm) { Activations = [Entry(1)] });
        await store.SaveVmAsync(new VmChange(vm) { Activations = [own] });
        var pending = (await store.ListActivationsAsync("vm-1", long.MaxValue, 10))[1].Result;
        await store.SaveVmAsync(new VmChange(vm) { Answer = ActivationResult.Failed, AnsweredGeneration = 1 });

        Assert.Equal(ActivationResult.Pending, pending);
        var lines = await store.ListActivationsAsync("vm-1", long.MaxValue, 10);
        Assert.Equal(own with { Id = 2 }, lines[0]);
        Assert.Equal(ActivationResult.Failed, lines[1].Result);
    }

    [Fact]
    public async Task What_was_live_or_held_under_the_first_layout_goes_on()
    {
        var store = new SqliteStore(File);
        foreach (var name in new[] { "a", "b", "c" })
        {
            await store.PutPersonaAsync(name, "{}"u8.ToArray(), WriteCondition.None, Now);
        }

        foreach (var cause in new[] { ActivationCause.Trigger, ActivationCause.Manual })
        {
            await store.SaveVmAsync(new VmChange(new StoredVm
            {
                Id = $"vm-{cause}",
                FirstSeen = Now,
                LastContact = Now,
                Bindings = ["a", "b", "c"],
                Desired = new DesiredState(1, "a", 1, cause, "because.", Now),
            }));
        }

        Execute(command => command.CommandText =
            """
            DROP TABLE binding_states; ALTER TABLE vms ADD COLUMN held_persona TEXT; UPDATE vms SET held_persona = 'b';
            DROP TABLE staged_personas; ALTER TABLE activations DROP COLUMN epoch;
            ALTER TABLE vms DROP COLUMN desired_floor_rank; ALTER TABLE vms DROP COLUMN own_epoch;
            ALTER TABLE vms DROP COLUMN own_generation; ALTER TABLE vms DROP COLUMN own_persona;
            ALTER TABLE vms DROP COLUMN own_revision; ALTER TABLE vms DROP COLUMN own_cause;
            ALTER TABLE vms DROP COLUMN own_sentence; ALTER TABLE vms DROP COLUMN own_since;
            ALTER TABLE vms DROP COLUMN reported_epoch; ALTER TABLE vms DROP COLUMN shadow_persona;
            ALTER TABLE vms DROP COLUMN shadow_revision;
            DROP INDEX activations_by_generation; DROP INDEX activations_pending;
            DROP TABLE rollbacks; DROP TABLE enrolment_tokens; DROP TABLE vm_certificates;
            PRAGMA user_version = 1
            """);
        var read = await new SqliteStore(File).LoadVmsAsync();

        var since = Now - DateTimeOffset.UnixEpoch;
        var held = KeyValuePair.Create("b", new BindingMemory { State = BindingState.Held, Since = since });
        Assert.Equal([held], read.Single(vm => vm.Id == "vm-Manual").Memory);
        Assert.Equal(
            [KeyValuePair.Create("a", new BindingMemory { State = BindingState.Live, Since = since }), held],
            read.Single(vm => vm.Id == "vm-Trigger").Memory.OrderBy(pair => pair.Key, StringComparer.Ordinal));
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

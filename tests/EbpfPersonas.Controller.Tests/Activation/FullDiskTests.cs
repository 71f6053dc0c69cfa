using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Controller.Store.Sqlite;
using EbpfPersonas.Controller.Tests.Store;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Controller.Tests.Activation;

public sealed class FullDiskTests : IDisposable
{
    private static readonly VmKey Vm = new("default", "vm-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-full-").FullName;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_decision_that_cannot_be_stored_is_neither_taken_over_nor_handed_on()
    {
        var store = new FakeFailingStore(new SqliteStore(Path.Combine(_folder, "controller.db")));
        var sink = new FakeSink();
        var metrics = new ControllerMetrics();
        var decisions = new Decisions(
            store, new PersonaLibrary(store, new AgentsAddresses(new ControllerSettings())), sink, metrics,
            new SteadyClock(TimeProvider.System), TimeProvider.System,
            NullLogger<Decisions>.Instance);
        using var manager = new PersonaManager(store, decisions, TimeProvider.System);
        var intake = new ActivityIntake(
            manager, decisions, metrics, TimeProvider.System, NullLogger<ActivityIntake>.Instance);
        await PutAsync(store, RunningController.Persona, "db");
        await PutAsync(store, """{"name":"other"}""", "other");
        await intake.ConnectAsync(Vm, 1, new VmIdentity("", "", "", []), new RealisedState(0, 0, null, 0, default));
        await manager.SetBindingsAsync(Vm, ["db"], null, Entry);
        VmProcess[] running = [new(1, 1, new ProcessImage("/usr/bin/mysql", "", 0, "root"), default)];
        await intake.ReportAsync(Vm, 1, true, [new ProcessReport(default, 1, running[0], "running")], 0);
        Assert.Equal(["1 db"], sink.Pushed);

        store.Full = true;
        await Assert.ThrowsAsync<IOException>(() => manager.SetBindingsAsync(Vm, ["other"], null, Entry));
        await Assert.ThrowsAsync<IOException>(() => manager.PinAsync(Vm, "other", null, null, Entry));
        store.Full = false;
        // The next snapshot decides on the bindings that are stored.
        await intake.ReportAsync(Vm, 1, true, [new ProcessReport(default, 1, running[0], "running")], 0);

        Assert.Equal(["1 db"], sink.Pushed);
        Assert.True(manager.TryFind(Vm, out var actor));
        Assert.Equal(["db"], actor.Vm.Bindings.ToArray());
        await intake.ReportAsync(Vm, 1, true, [], 0);
        Assert.Equal(["1 db", "2 none"], sink.Pushed);
    }

    private static AuditEntry Entry => RunningController.EntryOfHost();

    private static async Task PutAsync(FakeFailingStore store, string json, string name) => await store.PutPersonaAsync(
        Vm.Tenant, name, System.Text.Encoding.UTF8.GetBytes(json), WriteCondition.None,
        TimeProvider.System.GetUtcNow());

    private sealed class FakeSink : IDesiredStateSink
    {
        public List<string> Pushed { get; } = [];

        public void Push(
            VmKey vm, DesiredState desired, V1.Persona? persona, IReadOnlyList<LivePersona> staged,
            V1.Persona? shadow) =>
            Pushed.Add($"{desired.Generation} {persona?.Name ?? "none"}");

        public void Watch(VmKey vm, IReadOnlyList<ProcessCondition> conditions)
        {
        }
    }
}

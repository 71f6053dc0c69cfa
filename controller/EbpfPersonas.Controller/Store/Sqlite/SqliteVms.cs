using System.Collections.Immutable;
using Dapper;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>
/// The tables <c>vms</c>, <c>bindings</c>, <c>binding_states</c>, <c>staged_personas</c>, <c>rollbacks</c> and
/// <c>activations</c>.
/// </summary>
internal sealed class SqliteVms(SqliteConnections connections)
{
    /// <summary>Lines of history that a VM keeps.</summary>
    private const int MaxActivations = 1000;

    private static readonly string[] VmColumns =
    [
        "id", "first_seen", "last_contact", "agent_version", "kernel_release", "boot_id", "capabilities",
        "default_persona",
        "pin_persona", "pin_expires", "pin_reason", "desired_generation", "desired_persona",
        "desired_revision",
        "desired_cause", "desired_sentence", "desired_since", "realised_generation", "realised_epoch",
        "realised_persona",
        "realised_revision", "realised_at", "failure_generation", "failure_code", "failure_message", "failure_at",
        "desired_floor_rank", "own_epoch", "own_generation", "own_persona", "own_revision", "own_cause", "own_sentence",
        "own_since", "reported_epoch", "shadow_persona", "shadow_revision",
    ];

    private static readonly string[] ActivationColumns =
    [
        "vm_id", "generation", "persona", "revision", "previous", "cause", "sentence", "at", "process_event", "pid",
        "parent_pid",
        "user_id", "user_name", "path", "executable", "process_time", "result",
        "result_at", "epoch",
    ];

    private static readonly string SaveVm =
        $"INSERT INTO vms ({string.Join(", ", VmColumns)}) VALUES ({string.Join(", ", VmColumns.Select(Parameter))}) " +
        "ON CONFLICT (id) DO UPDATE SET " +
        string.Join(", ", VmColumns.Skip(1).Select(column => $"{column} = excluded.{column}"));

    private static readonly string SaveActivation =
        $"INSERT INTO activations ({string.Join(", ", ActivationColumns)}) " +
        $"VALUES ({string.Join(", ", ActivationColumns.Select(Parameter))})";

    public IReadOnlyList<StoredVm> Load() => connections.Read(connection =>
    {
        var bindings = connection.Query<(string VmId, string Persona)>(
            "SELECT vm_id, persona FROM bindings ORDER BY vm_id, position")
            .ToLookup(row => row.VmId, row => row.Persona);
        var memories = connection.Query<BindingStateRow>(
            "SELECT vm_id, persona, state, since, lingers_until, cools_until FROM binding_states")
            .ToLookup(row => row.VmId);
        var staged = connection.Query<(string VmId, string Persona, long Revision)>(
            "SELECT vm_id, persona, revision FROM staged_personas ORDER BY vm_id, position")
            .ToLookup(row => row.VmId, row => new StagedRevision(row.Persona, row.Revision));
        var rollbacks = connection.Query<RollbackRow>(
            "SELECT vm_id, persona, revision, count, is_quarantined, at, reason FROM rollbacks " +
            "ORDER BY vm_id, position").ToLookup(row => row.VmId, row => row.ToRollback());
        return connection.Query<VmRow>($"SELECT {string.Join(", ", VmColumns)} FROM vms ORDER BY id")
            .Select(row => row.ToVm(
                bindings[row.Id],
                memories[row.Id].ToImmutableDictionary(state => state.Persona, state => state.ToMemory()),
                staged[row.Id],
                rollbacks[row.Id]))
            .ToArray();
    });

    public void Save(VmChange change) => connections.Write(writer =>
    {
        var vm = change.Vm;
        writer.Execute(SaveVm, VmRow.From(vm));
        if (change.Before?.Bindings.SequenceEqual(vm.Bindings) != true)
        {
            writer.Execute("DELETE FROM bindings WHERE vm_id = @Id", new { vm.Id });
            writer.Execute(
                "INSERT INTO bindings (vm_id, position, persona) VALUES (@Id, @position, @persona)",
                vm.Bindings.Select((persona, position) => new { vm.Id, position, persona }));
        }

        if (change.Before?.Memory != vm.Memory)
        {
            writer.Execute("DELETE FROM binding_states WHERE vm_id = @Id", new { vm.Id });
            writer.Execute(
                "INSERT INTO binding_states (vm_id, persona, state, since, lingers_until, cools_until) " +
                "VALUES (@VmId, @Persona, @State, @Since, @LingersUntil, @CoolsUntil)",
                vm.Memory.Select(pair => BindingStateRow.From(vm.Id, pair.Key, pair.Value)));
        }

        if (change.Before?.Desired.Staged != vm.Desired.Staged)
        {
            writer.Execute("DELETE FROM staged_personas WHERE vm_id = @Id", new { vm.Id });
            writer.Execute(
                "INSERT INTO staged_personas (vm_id, position, persona, revision) " +
                "VALUES (@Id, @position, @Persona, @Revision)",
                vm.Desired.Staged.Personas.Select(
                    (one, position) => new { vm.Id, position, one.Persona, one.Revision }));
        }

        if (change.Before?.Rollbacks != vm.Rollbacks)
        {
            writer.Execute("DELETE FROM rollbacks WHERE vm_id = @Id", new { vm.Id });
            writer.Execute(
                "INSERT INTO rollbacks (vm_id, position, persona, revision, count, is_quarantined, at, reason) " +
                "VALUES (@VmId, @Position, @Persona, @Revision, @Count, @IsQuarantined, @At, @Reason)",
                vm.Rollbacks.Select((one, position) => RollbackRow.From(vm.Id, position, one)));
        }

        if (change.Answer is not null)
        {
            writer.Execute(
                "UPDATE activations SET result = @Answer, result_at = @at, error = @Error WHERE vm_id = @Id AND " +
                "generation = @AnsweredGeneration AND epoch IS NULL AND (@isLate OR result <> 'superseded')",
                new
                {
                    // What a switch of the VM itself came before stays so, however often its generation is answered.
                    isLate = change.AnsweredGeneration < vm.Desired.Generation,
                    change.Answer,
                    at = change.AnsweredAt.ToUnixTimeMilliseconds(),
                    change.Error,
                    vm.Id,
                    change.AnsweredGeneration,
                });
        }

        if (change.Activations.Any(entry => entry.Epoch is null))
        {
            writer.Execute(
                "UPDATE activations SET result = 'superseded' WHERE vm_id = @Id AND result = 'pending'", new { vm.Id });
        }

        if (change.Activations.Count > 0)
        {
            writer.Execute(
                SaveActivation, change.Activations.Select(entry => ActivationRow.From(vm.Id, entry)));
            writer.Execute(
                "DELETE FROM activations WHERE vm_id = @Id AND id <= " +
                "(SELECT id FROM activations WHERE vm_id = @Id ORDER BY id DESC LIMIT 1 OFFSET @MaxActivations)",
                new { vm.Id, MaxActivations });
        }

        return 0;
    }, durable: !change.IsReported);

    public void Delete(string vmId) => connections.Write(writer =>
        writer.Execute("DELETE FROM vms WHERE id = @vmId", new { vmId }));

    public IReadOnlyList<ActivationEntry> ListActivations(string vmId, long before, int limit) =>
        connections.Read(connection =>
        connection.Query<ActivationRow>(
            $"SELECT id, {string.Join(", ", ActivationColumns)}, error FROM activations " +
            "WHERE vm_id = @vmId AND id < @before ORDER BY id DESC LIMIT @limit",
            new { vmId, before, limit })).Select(row => row.ToEntry()).ToArray();

    /// <summary>"first_seen" as "@FirstSeen".</summary>
    private static string Parameter(string column) =>
        "@" + string.Concat(column.Split('_').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}

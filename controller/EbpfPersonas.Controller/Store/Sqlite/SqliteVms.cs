using System.Collections.Immutable;
using Dapper;
using EbpfPersonas.Controller.Audit;

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
        "tenant", "id", "first_seen", "last_contact", "agent_version", "kernel_release", "boot_id", "capabilities",
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
        "tenant", "vm_id", "generation", "persona", "revision", "previous", "cause", "sentence", "at", "process_event",
        "pid", "parent_pid",
        "user_id", "user_name", "path", "executable", "process_time", "result",
        "result_at", "epoch",
    ];

    private static readonly string SaveVm =
        $"INSERT INTO vms ({string.Join(", ", VmColumns)}) VALUES ({string.Join(", ", VmColumns.Select(Parameter))}) " +
        "ON CONFLICT (tenant, id) DO UPDATE SET " +
        string.Join(", ", VmColumns.Skip(2).Select(column => $"{column} = excluded.{column}"));

    private static readonly string SaveActivation =
        $"INSERT INTO activations ({string.Join(", ", ActivationColumns)}) " +
        $"VALUES ({string.Join(", ", ActivationColumns.Select(Parameter))})";

    public IReadOnlyList<StoredVm> Load() => connections.Read(connection =>
    {
        var bindings = connection.Query<(string Tenant, string VmId, string Persona)>(
            "SELECT tenant, vm_id, persona FROM bindings ORDER BY tenant, vm_id, position")
            .ToLookup(row => new VmKey(row.Tenant, row.VmId), row => row.Persona);
        var memories = connection.Query<BindingStateRow>(
            "SELECT tenant, vm_id, persona, state, since, lingers_until, cools_until FROM binding_states")
            .ToLookup(row => new VmKey(row.Tenant, row.VmId));
        var staged = connection.Query<(string Tenant, string VmId, string Persona, long Revision)>(
            "SELECT tenant, vm_id, persona, revision FROM staged_personas ORDER BY tenant, vm_id, position")
            .ToLookup(row => new VmKey(row.Tenant, row.VmId), row => new StagedRevision(row.Persona, row.Revision));
        var rollbacks = connection.Query<RollbackRow>(
            "SELECT tenant, vm_id, persona, revision, count, is_quarantined, at, reason FROM rollbacks " +
            "ORDER BY tenant, vm_id, position")
            .ToLookup(row => new VmKey(row.Tenant, row.VmId), row => row.ToRollback());
        return connection.Query<VmRow>($"SELECT {string.Join(", ", VmColumns)} FROM vms")
            .Select(row => row.ToVm(
                bindings[row.Key],
                memories[row.Key].ToImmutableDictionary(state => state.Persona, state => state.ToMemory()),
                staged[row.Key],
                rollbacks[row.Key]))
            .ToArray();
    });

    public void Save(VmChange change) => connections.Write(writer =>
    {
        var vm = change.Vm;
        var key = new { vm.Key.Tenant, vm.Key.Id };
        writer.Execute(SaveVm, VmRow.From(vm));
        if (change.Before?.Bindings.SequenceEqual(vm.Bindings) != true)
        {
            writer.Execute("DELETE FROM bindings WHERE tenant = @Tenant AND vm_id = @Id", key);
            writer.Execute(
                "INSERT INTO bindings (tenant, vm_id, position, persona) VALUES (@Tenant, @Id, @position, @persona)",
                vm.Bindings.Select((persona, position) => new { key.Tenant, key.Id, position, persona }));
        }

        if (change.Before?.Memory != vm.Memory)
        {
            writer.Execute("DELETE FROM binding_states WHERE tenant = @Tenant AND vm_id = @Id", key);
            writer.Execute(
                "INSERT INTO binding_states (tenant, vm_id, persona, state, since, lingers_until, cools_until) " +
                "VALUES (@Tenant, @VmId, @Persona, @State, @Since, @LingersUntil, @CoolsUntil)",
                vm.Memory.Select(pair => BindingStateRow.From(vm.Key, pair.Key, pair.Value)));
        }

        if (change.Before?.Desired.Staged != vm.Desired.Staged)
        {
            writer.Execute("DELETE FROM staged_personas WHERE tenant = @Tenant AND vm_id = @Id", key);
            writer.Execute(
                "INSERT INTO staged_personas (tenant, vm_id, position, persona, revision) " +
                "VALUES (@Tenant, @Id, @position, @Persona, @Revision)",
                vm.Desired.Staged.Personas.Select(
                    (one, position) => new { key.Tenant, key.Id, position, one.Persona, one.Revision }));
        }

        if (change.Before?.Rollbacks != vm.Rollbacks)
        {
            writer.Execute("DELETE FROM rollbacks WHERE tenant = @Tenant AND vm_id = @Id", key);
            writer.Execute(
                "INSERT INTO rollbacks (tenant, vm_id, position, persona, revision, count, is_quarantined, " +
                "at, reason) VALUES (@Tenant, @VmId, @Position, @Persona, @Revision, @Count, @IsQuarantined, @At, " +
                "@Reason)",
                vm.Rollbacks.Select((one, position) => RollbackRow.From(vm.Key, position, one)));
        }

        if (change.Answer is not null)
        {
            writer.Execute(
                // An agent that is started again answers again: the time stays that of the first answer.
                "UPDATE activations SET result = @Answer, error = @Error, " +
                "result_at = CASE WHEN result = @Answer THEN result_at ELSE @at END " +
                "WHERE tenant = @Tenant AND vm_id = @Id AND " +
                "generation = @AnsweredGeneration AND epoch IS NULL AND (@isLate OR result <> 'superseded')",
                new
                {
                    // What a switch of the VM itself came before stays so, however often its generation is answered.
                    isLate = change.AnsweredGeneration < vm.Desired.Generation,
                    change.Answer,
                    at = change.AnsweredAt.ToUnixTimeMilliseconds(),
                    change.Error,
                    key.Tenant,
                    key.Id,
                    change.AnsweredGeneration,
                });
        }

        if (change.Activations.Any(entry => entry.Epoch is null))
        {
            writer.Execute(
                "UPDATE activations SET result = 'superseded' " +
                "WHERE tenant = @Tenant AND vm_id = @Id AND result = 'pending'",
                key);
        }

        if (change.Activations.Count > 0)
        {
            writer.Execute(
                SaveActivation, change.Activations.Select(entry => ActivationRow.From(vm.Key, entry)));
            writer.Execute(
                "DELETE FROM activations WHERE tenant = @Tenant AND vm_id = @Id AND id <= " +
                "(SELECT id FROM activations WHERE tenant = @Tenant AND vm_id = @Id ORDER BY id DESC " +
                "LIMIT 1 OFFSET @MaxActivations)",
                new { key.Tenant, key.Id, MaxActivations });
        }

        return SqliteAudit.Append(writer, change.Audit);
    }, durable: !change.IsReported);

    public void Delete(VmKey vm, AuditEntry? audit) => connections.Write(writer =>
    {
        writer.Execute("DELETE FROM vms WHERE tenant = @Tenant AND id = @Id", new { vm.Tenant, vm.Id });
        return SqliteAudit.Append(writer, audit);
    });

    public IReadOnlyList<ActivationEntry> ListActivations(VmKey vm, long before, int limit) =>
        connections.Read(connection =>
        connection.Query<ActivationRow>(
            $"SELECT id, {string.Join(", ", ActivationColumns)}, error FROM activations " +
            "WHERE tenant = @Tenant AND vm_id = @Id AND id < @before ORDER BY id DESC LIMIT @limit",
            new { vm.Tenant, vm.Id, before, limit })).Select(row => row.ToEntry()).ToArray();

    /// <summary>"first_seen" as "@FirstSeen".</summary>
    private static string Parameter(string column) =>
        "@" + string.Concat(column.Split('_').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}

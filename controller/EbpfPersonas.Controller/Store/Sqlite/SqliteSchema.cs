using Microsoft.Data.Sqlite;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>
/// The tables, as a list of steps. <c>PRAGMA user_version</c> counts the steps that were made, and is written in the
/// same transaction as the step, so that a process killed in between starts again where it was.
/// </summary>
internal static class SqliteSchema
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE personas (
            name TEXT PRIMARY KEY, revision INTEGER NOT NULL, deleted INTEGER NOT NULL, created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE persona_revisions (
            name TEXT NOT NULL REFERENCES personas (name), revision INTEGER NOT NULL, document BLOB NOT NULL,
            updated INTEGER NOT NULL,
            PRIMARY KEY (name, revision)
        ) STRICT;

        CREATE TABLE vms (
            id TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_contact INTEGER NOT NULL,
            agent_version TEXT NOT NULL, kernel_release TEXT NOT NULL, boot_id TEXT NOT NULL,
            capabilities TEXT NOT NULL,
            default_persona TEXT, held_persona TEXT, pin_persona TEXT, pin_expires INTEGER, pin_reason TEXT,
            desired_generation INTEGER NOT NULL, desired_persona TEXT, desired_revision INTEGER NOT NULL,
            desired_cause INTEGER NOT NULL,
            desired_sentence TEXT NOT NULL, desired_since INTEGER NOT NULL,
            realised_generation INTEGER, realised_epoch INTEGER, realised_persona TEXT, realised_revision INTEGER,
            realised_at INTEGER,
            failure_generation INTEGER, failure_code TEXT, failure_message TEXT, failure_at INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE bindings (
            vm_id TEXT NOT NULL REFERENCES vms (id) ON DELETE CASCADE, position INTEGER NOT NULL,
            persona TEXT NOT NULL REFERENCES personas (name), PRIMARY KEY (vm_id, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX bindings_by_persona ON bindings (persona);

        CREATE TABLE activations (
            id INTEGER PRIMARY KEY AUTOINCREMENT, vm_id TEXT NOT NULL REFERENCES vms (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL, persona TEXT, revision INTEGER NOT NULL, previous TEXT, cause INTEGER NOT NULL,
            sentence TEXT NOT NULL, at INTEGER NOT NULL,
            process_event TEXT, pid INTEGER, parent_pid INTEGER, user_id INTEGER, user_name TEXT, path TEXT,
            executable TEXT,
            process_time INTEGER, result TEXT NOT NULL, result_at INTEGER, error TEXT
        ) STRICT;
        CREATE INDEX activations_by_vm ON activations (vm_id, id);
        """,
        """
        CREATE TABLE binding_states (
            vm_id TEXT NOT NULL REFERENCES vms (id) ON DELETE CASCADE, persona TEXT NOT NULL, state INTEGER NOT NULL,
            since INTEGER NOT NULL, lingers_until INTEGER, cools_until INTEGER,
            PRIMARY KEY (vm_id, persona)
        ) STRICT, WITHOUT ROWID;

        -- What was live (2) or held (4) goes on.
        INSERT INTO binding_states (vm_id, persona, state, since)
            SELECT vms.id, persona, 4, desired_since FROM vms JOIN bindings ON vm_id = id AND persona = held_persona;
        INSERT OR IGNORE INTO binding_states (vm_id, persona, state, since)
            SELECT vms.id, persona, 2, desired_since FROM vms JOIN bindings ON vm_id = id AND persona = desired_persona
            WHERE desired_cause = 2;
        ALTER TABLE vms DROP COLUMN held_persona;
        """,
        """
        CREATE TABLE staged_personas (
            vm_id TEXT NOT NULL REFERENCES vms (id) ON DELETE CASCADE, position INTEGER NOT NULL, persona TEXT NOT NULL,
            revision INTEGER NOT NULL, PRIMARY KEY (vm_id, position)
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE vms ADD COLUMN desired_floor_rank INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE vms ADD COLUMN own_epoch INTEGER;
        ALTER TABLE vms ADD COLUMN own_generation INTEGER;
        ALTER TABLE vms ADD COLUMN own_persona TEXT;
        ALTER TABLE vms ADD COLUMN own_revision INTEGER;
        ALTER TABLE vms ADD COLUMN own_cause INTEGER;
        ALTER TABLE vms ADD COLUMN own_sentence TEXT;
        ALTER TABLE vms ADD COLUMN own_since INTEGER;
        ALTER TABLE vms ADD COLUMN reported_epoch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE activations ADD COLUMN epoch INTEGER;
        """,
        """
        ALTER TABLE vms ADD COLUMN shadow_persona TEXT;
        ALTER TABLE vms ADD COLUMN shadow_revision INTEGER;
        CREATE TABLE rollbacks (
            vm_id TEXT NOT NULL REFERENCES vms (id) ON DELETE CASCADE, position INTEGER NOT NULL, persona TEXT NOT NULL,
            revision INTEGER NOT NULL, count INTEGER NOT NULL, is_quarantined INTEGER NOT NULL, at INTEGER NOT NULL,
            reason TEXT NOT NULL, PRIMARY KEY (vm_id, position)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        -- For what each activation looks for, in front of a thousand that came before it.
        CREATE INDEX activations_by_generation ON activations (vm_id, generation);
        CREATE INDEX activations_pending ON activations (vm_id) WHERE result = 'pending';
        """,
        """
        -- Names and ids become unique within a tenant; what is there belongs to the tenant "default".
        ALTER TABLE personas RENAME TO old_personas;
        ALTER TABLE persona_revisions RENAME TO old_persona_revisions;
        ALTER TABLE vms RENAME TO old_vms;
        ALTER TABLE bindings RENAME TO old_bindings;
        ALTER TABLE binding_states RENAME TO old_binding_states;
        ALTER TABLE staged_personas RENAME TO old_staged_personas;
        ALTER TABLE rollbacks RENAME TO old_rollbacks;
        ALTER TABLE activations RENAME TO old_activations;

        CREATE TABLE personas (
            tenant TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, deleted INTEGER NOT NULL,
            created INTEGER NOT NULL, PRIMARY KEY (tenant, name)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO personas SELECT 'default', name, revision, deleted, created FROM old_personas;

        CREATE TABLE persona_revisions (
            tenant TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, document BLOB NOT NULL,
            updated INTEGER NOT NULL, PRIMARY KEY (tenant, name, revision),
            FOREIGN KEY (tenant, name) REFERENCES personas (tenant, name)
        ) STRICT;
        INSERT INTO persona_revisions SELECT 'default', name, revision, document, updated FROM old_persona_revisions;

        CREATE TABLE vms (
            tenant TEXT NOT NULL, id TEXT NOT NULL, first_seen INTEGER NOT NULL, last_contact INTEGER NOT NULL,
            agent_version TEXT NOT NULL, kernel_release TEXT NOT NULL, boot_id TEXT NOT NULL,
            capabilities TEXT NOT NULL, default_persona TEXT, pin_persona TEXT, pin_expires INTEGER, pin_reason TEXT,
            desired_generation INTEGER NOT NULL, desired_persona TEXT, desired_revision INTEGER NOT NULL,
            desired_cause INTEGER NOT NULL, desired_sentence TEXT NOT NULL, desired_since INTEGER NOT NULL,
            realised_generation INTEGER, realised_epoch INTEGER, realised_persona TEXT, realised_revision INTEGER,
            realised_at INTEGER,
            failure_generation INTEGER, failure_code TEXT, failure_message TEXT, failure_at INTEGER,
            desired_floor_rank INTEGER NOT NULL,
            own_epoch INTEGER, own_generation INTEGER, own_persona TEXT, own_revision INTEGER, own_cause INTEGER,
            own_sentence TEXT, own_since INTEGER, reported_epoch INTEGER NOT NULL,
            shadow_persona TEXT, shadow_revision INTEGER, PRIMARY KEY (tenant, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO vms SELECT 'default',
            id, first_seen, last_contact, agent_version, kernel_release, boot_id, capabilities,
            default_persona, pin_persona, pin_expires, pin_reason, desired_generation, desired_persona,
            desired_revision, desired_cause, desired_sentence, desired_since, realised_generation,
            realised_epoch, realised_persona, realised_revision, realised_at, failure_generation, failure_code,
            failure_message, failure_at, desired_floor_rank, own_epoch, own_generation, own_persona,
            own_revision, own_cause, own_sentence, own_since, reported_epoch, shadow_persona, shadow_revision
            FROM old_vms;

        CREATE TABLE bindings (
            tenant TEXT NOT NULL, vm_id TEXT NOT NULL, position INTEGER NOT NULL, persona TEXT NOT NULL,
            PRIMARY KEY (tenant, vm_id, position),
            FOREIGN KEY (tenant, vm_id) REFERENCES vms (tenant, id) ON DELETE CASCADE,
            FOREIGN KEY (tenant, persona) REFERENCES personas (tenant, name)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO bindings SELECT 'default', vm_id, position, persona FROM old_bindings;

        CREATE TABLE binding_states (
            tenant TEXT NOT NULL, vm_id TEXT NOT NULL, persona TEXT NOT NULL, state INTEGER NOT NULL,
            since INTEGER NOT NULL, lingers_until INTEGER, cools_until INTEGER, PRIMARY KEY (tenant, vm_id, persona),
            FOREIGN KEY (tenant, vm_id) REFERENCES vms (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        INSERT INTO binding_states
            SELECT 'default', vm_id, persona, state, since, lingers_until, cools_until FROM old_binding_states;

        CREATE TABLE staged_personas (
            tenant TEXT NOT NULL, vm_id TEXT NOT NULL, position INTEGER NOT NULL, persona TEXT NOT NULL,
            revision INTEGER NOT NULL, PRIMARY KEY (tenant, vm_id, position),
            FOREIGN KEY (tenant, vm_id) REFERENCES vms (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        INSERT INTO staged_personas SELECT 'default', vm_id, position, persona, revision FROM old_staged_personas;

        CREATE TABLE rollbacks (
            tenant TEXT NOT NULL, vm_id TEXT NOT NULL, position INTEGER NOT NULL, persona TEXT NOT NULL,
            revision INTEGER NOT NULL, count INTEGER NOT NULL, is_quarantined INTEGER NOT NULL, at INTEGER NOT NULL,
            reason TEXT NOT NULL, PRIMARY KEY (tenant, vm_id, position),
            FOREIGN KEY (tenant, vm_id) REFERENCES vms (tenant, id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        INSERT INTO rollbacks
            SELECT 'default', vm_id, position, persona, revision, count, is_quarantined, at, reason FROM old_rollbacks;

        CREATE TABLE activations (
            id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, vm_id TEXT NOT NULL,
            generation INTEGER NOT NULL, persona TEXT, revision INTEGER NOT NULL, previous TEXT, cause INTEGER NOT NULL,
            sentence TEXT NOT NULL, at INTEGER NOT NULL, process_event TEXT, pid INTEGER, parent_pid INTEGER,
            user_id INTEGER, user_name TEXT, path TEXT, executable TEXT, process_time INTEGER, result TEXT NOT NULL,
            result_at INTEGER, error TEXT, epoch INTEGER,
            FOREIGN KEY (tenant, vm_id) REFERENCES vms (tenant, id) ON DELETE CASCADE
        ) STRICT;
        INSERT INTO activations (
            tenant, id, vm_id, generation, persona, revision, previous, cause, sentence, at, process_event, pid,
            parent_pid, user_id, user_name, path, executable, process_time, result, result_at, error, epoch)
            SELECT 'default',
            id, vm_id, generation, persona, revision, previous, cause, sentence, at, process_event, pid, parent_pid,
            user_id, user_name, path, executable, process_time, result, result_at, error, epoch FROM old_activations;

        DROP TABLE old_activations;
        DROP TABLE old_rollbacks;
        DROP TABLE old_staged_personas;
        DROP TABLE old_binding_states;
        DROP TABLE old_bindings;
        DROP TABLE old_vms;
        DROP TABLE old_persona_revisions;
        DROP TABLE old_personas;
        CREATE INDEX bindings_by_persona ON bindings (tenant, persona);
        CREATE INDEX activations_by_vm ON activations (tenant, vm_id, id);
        CREATE INDEX activations_by_generation ON activations (tenant, vm_id, generation);
        CREATE INDEX activations_pending ON activations (tenant, vm_id) WHERE result = 'pending';
        """,
        """
        CREATE TABLE tokens (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL,
            secret_hash BLOB NOT NULL, created INTEGER NOT NULL, created_by TEXT NOT NULL, expires INTEGER,
            last_used INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tokens_by_tenant ON tokens (tenant, id);

        -- A chain: each hash covers the one before it.
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, tenant TEXT, actor TEXT NOT NULL, action TEXT NOT NULL,
            target TEXT NOT NULL, source TEXT NOT NULL, result TEXT NOT NULL, hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_tenant ON audit (tenant, sequence);

        CREATE TABLE enrolment_tokens (
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, vm_id TEXT NOT NULL, secret_hash BLOB NOT NULL,
            created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER, created_by TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX enrolment_tokens_by_tenant ON enrolment_tokens (tenant, id);

        -- A token is used for one certificate; renewed ones have none.
        CREATE TABLE vm_certificates (
            serial TEXT PRIMARY KEY, tenant TEXT NOT NULL, vm_id TEXT NOT NULL, token_id TEXT UNIQUE,
            key_pin TEXT NOT NULL, certificate BLOB NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,
            revoked INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX vm_certificates_by_vm ON vm_certificates (tenant, vm_id);
        """,
    ];

    /// <summary>
    /// Makes the steps that are missing; throws <see cref="InvalidOperationException"/> for a file of a newer version.
    /// </summary>
    public static void Migrate(SqliteConnection connection) => Migrate(connection, Steps.Length);

    /// <summary>As far as a version of the past made them.</summary>
    internal static void Migrate(SqliteConnection connection, int wanted)
    {
        while (true)
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            var version = Convert.ToInt32(Scalar(connection, transaction, "PRAGMA user_version"), null);
            if (version > Steps.Length)
            {
                throw new InvalidOperationException(
                    $"The store was written by a newer version: its layout is {version}, this version knows " +
                    $"{Steps.Length}.");
            }

            if (version >= wanted)
            {
                return;
            }

            Scalar(connection, transaction, Steps[version]);
            Scalar(connection, transaction, $"PRAGMA user_version = {version + 1}");
            transaction.Commit();
        }
    }

    /// <summary>The store's id, made at its first use.</summary>
    public static string ReadControllerId(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        Scalar(connection, transaction, $"INSERT OR IGNORE INTO meta (key, value) VALUES ('controller_id', " +
            $"'{Guid.NewGuid():D}')");
        var id = (string)Scalar(connection, transaction, "SELECT value FROM meta WHERE key = 'controller_id'")!;
        transaction.Commit();
        return id;
    }

    private static object? Scalar(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        // The text is one of the constants above; nothing from outside comes here.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}

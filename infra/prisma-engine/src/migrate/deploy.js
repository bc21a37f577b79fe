/** `prisma migrate deploy`: applies what is not applied yet. */
import { applyMigration, isResumable } from './apply.js';
import { isApplied, isUnfinished } from './ledger.js';
import { readMigrations } from './project.js';
import { MigrateError } from './report.js';

/**
 * @param {import('./project.js').Project} project
 * @param {import('../connection.js').Connection} connection
 * @param {import('./ledger.js').Ledger} ledger locked
 * @param {(line: string) => void} say
 * @param {(line: string) => void} warn
 * @throws {MigrateError} P3005 for tables of unknown origin, P3009 for a migration with unknown outcome, P3018 for a
 *   statement that PostgreSQL refused
 */
export async function deploy(project, connection, ledger, say, warn) {
  const migrations = readMigrations(project.folder);
  say(`${migrations.length} ${migrations.length === 1 ? 'migration' : 'migrations'} found in ${project.folder}\n`);

  const entries = await readLedger(ledger);
  refuseUnknownOutcome(entries);
  const applied = entries.filter(isApplied);
  warnOfChanges(migrations, applied, warn);

  const done = new Set(applied.map((entry) => entry.migration_name));
  const pending = migrations.filter((migration) => !done.has(migration.name));
  if (pending.length === 0) {
    say('No pending migrations to apply.');
    return;
  }
  for (const migration of pending) {
    say(`Applying migration \`${migration.name}\``);
    const own = entries.filter((entry) => entry.migration_name === migration.name);
    await applyMigration(connection, ledger, migration, own);
  }
  say(`\nThe following migration(s) have been applied:\n\n${pending.map((migration) => `  ${migration.name}`).join('\n')}`);
  say('\nAll migrations have been successfully applied.');
}

async function readLedger(ledger) {
  if (await ledger.exists()) return ledger.read();
  if (await ledger.schemaInUse()) {
    throw new MigrateError('P3005', 'The database schema is not empty. Read more about how to baseline an existing ' +
      'production database: https://pris.ly/d/migrate-baseline');
  }
  await ledger.create();
  return [];
}

function refuseUnknownOutcome(entries) {
  const failed = entries.filter((entry) => isUnfinished(entry) && !isResumable(entry));
  if (failed.length === 0) return;
  throw new MigrateError('P3009', 'migrate found failed migrations in the target database, new migrations will not be ' +
    'applied. Read more about how to resolve migration issues in a production database: ' +
    `https://pris.ly/d/migrate-resolve\n${failed
      .map((entry) => `The \`${entry.migration_name}\` migration started at ${entry.started} UTC failed`)
      .join('\n')}`);
}

function warnOfChanges(migrations, applied, warn) {
  const checksums = new Map(applied.map((entry) => [entry.migration_name, entry.checksum]));
  const changed = migrations.filter(({ name, checksum }) => checksums.has(name) && checksums.get(name) !== checksum);
  if (changed.length === 0) return;
  warn(`WARN The following migrations have been modified since they were applied:\n${changed.map(({ name }) => name).join('\n')}`);
}

/** `prisma migrate resolve`: records what a person, or LiteLLM's recovery, knows about a migration. */
import { isApplied, isUnfinished } from './ledger.js';
import { readMigrations } from './project.js';
import { MigrateError } from './report.js';

/**
 * @param {import('./project.js').Project} project
 * @param {import('./ledger.js').Ledger} ledger locked
 * @param {string} name
 * @param {(line: string) => void} say
 * @throws {MigrateError} P3017 for a migration that is not there, P3008 for one that is recorded already
 */
export async function resolveApplied(project, ledger, name, say) {
  const migration = readMigrations(project.folder).find((candidate) => candidate.name === name);
  if (!migration) {
    throw new MigrateError('P3017', `The migration ${name} could not be found. Please make sure that the migration exists, ` +
      'and that you included the whole name of the directory. (example: "20201231000000_initial_migration")');
  }
  await ledger.create();
  const entries = (await ledger.read()).filter((entry) => entry.migration_name === name);
  if (entries.some(isApplied)) {
    throw new MigrateError('P3008', `The migration \`${name}\` is already recorded as applied in the database.`);
  }
  for (const entry of entries.filter(isUnfinished)) await ledger.rollBack(entry.id);
  await ledger.finish(await ledger.begin(migration), 0);
  say(`Migration ${name} marked as applied.`);
}

/**
 * @param {import('./ledger.js').Ledger} ledger locked
 * @param {string} name
 * @param {(line: string) => void} say
 * @throws {MigrateError} P3011 for a migration that was never tried, P3012 for one that did not fail
 */
export async function resolveRolledBack(ledger, name, say) {
  const entries = (await ledger.exists()) ? (await ledger.read()).filter((entry) => entry.migration_name === name) : [];
  if (entries.length === 0) {
    throw new MigrateError('P3011', `Migration \`${name}\` cannot be rolled back because it was never applied to the ` +
      'database. Hint: did you pass in the whole migration name? (example: "20201207184859_initial_migration")');
  }
  const failed = entries.filter(isUnfinished);
  if (failed.length === 0) {
    throw new MigrateError('P3012', `Migration \`${name}\` cannot be rolled back because it is not in a failed state.`);
  }
  for (const entry of failed) await ledger.rollBack(entry.id);
  say(`Migration ${name} marked as rolled back.`);
}

/**
 * Applies one migration so that a failure leaves the database ready for the next try.
 *
 * A file runs in one transaction together with its entry in the ledger: all of it holds, or nothing does. A file that
 * PostgreSQL does not run in a transaction (CREATE INDEX CONCURRENTLY, or one with transactions of its own) runs
 * statement by statement; how far it came is kept in the ledger, and the next try goes on from there, unless the
 * statements that have run have been changed since.
 */
import { createHash } from 'node:crypto';
import { describe, refusedStatement } from './report.js';
import { splitStatements } from './statements.js';

const NOT_IN_TRANSACTION = '25001';
const OWN_TRANSACTION = /^(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION)\b/i;
const MARK = /^inferspect: (\d+) statements? applied, sha256 ([0-9a-f]{64})/;

/** @param {import('./ledger.js').Entry} entry whether its migration runs by statement, and goes on where it stopped */
export const isResumable = (entry) => !entry.finished && MARK.test(entry.logs ?? '');

/**
 * @param {import('../connection.js').Connection} connection
 * @param {import('./ledger.js').Ledger} ledger
 * @param {import('./project.js').Migration} migration
 * @param {import('./ledger.js').Entry[]} entries of this migration
 * @throws {import('./report.js').MigrateError} P3018, where PostgreSQL refuses a statement
 */
export async function applyMigration(connection, ledger, migration, entries) {
  const statements = splitStatements(migration.sql);
  const resumed = statementsDone(statements, entries);
  const together = resumed === 0 && !statements.some(({ text }) => OWN_TRANSACTION.test(text));
  if (together && (await applyTogether(connection, ledger, migration, statements))) return;
  await applyInSteps(connection, ledger, migration, statements, resumed, entries);
}

async function applyTogether(connection, ledger, migration, statements) {
  let current = { text: '', line: 1 };
  try {
    await connection.query('BEGIN');
    const id = await ledger.begin(migration);
    for (current of statements) await connection.query(current.text);
    await ledger.finish(id);
    await connection.query('COMMIT');
    return true;
  } catch (error) {
    await connection.query('ROLLBACK');
    if (error.code === NOT_IN_TRANSACTION) return false;
    await recordFailure(ledger, migration, describe(error));
    throw refusedStatement(migration, current, error, 'Nothing of this migration remains in the database.');
  }
}

async function applyInSteps(connection, ledger, migration, statements, resumed, entries) {
  for (const entry of entries.filter(isResumable)) await ledger.rollBack(entry.id);
  const id = await ledger.begin(migration, mark(statements, resumed));
  let done = resumed;
  let committed = resumed;
  try {
    for (const statement of statements.slice(resumed)) {
      await connection.query(statement.text);
      done += 1;
      // Inside a transaction of the file this is undone with it, so it is always as true as the statements.
      await ledger.note(id, done, mark(statements, done));
    }
    await ledger.finish(id);
  } catch (error) {
    await connection.query('ROLLBACK');
    const entry = (await ledger.read()).find((other) => other.id === id);
    committed = Number(MARK.exec(entry?.logs ?? '')?.[1] ?? resumed);
    await ledger.note(id, committed, `${mark(statements, committed)}\n${describe(error)}`);
    await ledger.rollBack(id);
    const state = committed > 0
      ? `It does not run in one transaction: its first ${committed} statements are applied, and the next try goes on after them.`
      : 'Nothing of this migration remains in the database.';
    throw refusedStatement(migration, statements[done] ?? { text: '', line: 1 }, error, state);
  }
}

// A failed entry that is rolled back stays for people to read, and is in nobody's way.
async function recordFailure(ledger, migration, logs) {
  const id = await ledger.begin(migration, logs);
  await ledger.rollBack(id);
}

function statementsDone(statements, entries) {
  const last = entries.findLast(isResumable);
  const [, count, sum] = MARK.exec(last?.logs ?? '') ?? [];
  return count !== undefined && digest(statements, Number(count)) === sum ? Number(count) : 0;
}

function mark(statements, count) {
  return `inferspect: ${count} ${count === 1 ? 'statement' : 'statements'} applied, sha256 ${digest(statements, count)}`;
}

function digest(statements, count) {
  const hash = createHash('sha256');
  for (const { text } of statements.slice(0, count)) hash.update(text).update('\0');
  return hash.digest('hex');
}

/** The table `_prisma_migrations`, in which Prisma and LiteLLM keep what has been applied. */
import { randomUUID } from 'node:crypto';
import { MigrateError } from './report.js';

// The key that Prisma itself uses, so that its command line and this one wait for each other.
const LOCK = 72707369;
const LOCK_SECONDS = 10;
const LOCK_TIMED_OUT = '55P03';

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} migration_name
 * @property {string} checksum
 * @property {string | null} logs
 * @property {string} started in UTC, to the microsecond
 * @property {boolean} finished
 * @property {boolean} rolled_back
 * @property {number} applied_steps_count
 */

export class Ledger {
  #connection;
  #schema;
  #table;

  /**
   * @param {import('../connection.js').Connection} connection
   * @param {string} schema
   */
  constructor(connection, schema) {
    this.#connection = connection;
    this.#schema = schema;
    this.#table = `"${schema.replaceAll('"', '""')}"."_prisma_migrations"`;
  }

  /**
   * Take Prisma's migration lock until the connection ends.
   *
   * @param {Record<string, string | undefined>} environment
   * @throws {MigrateError} P1002 where another migration keeps it
   */
  async lock(environment) {
    if (environment.PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK) return;
    await this.#connection.query(`SET lock_timeout = '${LOCK_SECONDS}s'`);
    try {
      await this.#connection.query(`SELECT pg_advisory_lock(${LOCK})`);
    } catch (error) {
      if (error.code !== LOCK_TIMED_OUT) throw error;
      throw new MigrateError('P1002', 'The database server was reached but timed out.\n\nContext: Timed out trying to ' +
        `acquire a postgres advisory lock (SELECT pg_advisory_lock(${LOCK})). Elapsed: ${LOCK_SECONDS * 1000}ms. ` +
        'See https://pris.ly/d/migrate-advisory-locking for details.');
    }
    await this.#connection.query('RESET lock_timeout');
  }

  async exists() {
    const { rows } = await this.#query('SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = $2', [
      this.#schema,
      '_prisma_migrations',
    ]);
    return rows.length > 0;
  }

  /** Whether the schema has tables, the ledger aside. */
  async schemaInUse() {
    const { rows } = await this.#query('SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename <> $2 LIMIT 1', [
      this.#schema,
      '_prisma_migrations',
    ]);
    return rows.length > 0;
  }

  async create() {
    await this.#query(`CREATE SCHEMA IF NOT EXISTS ${this.#table.slice(0, -'."_prisma_migrations"'.length)}`);
    await this.#query(`CREATE TABLE IF NOT EXISTS ${this.#table} (
      id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
      migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`);
  }

  /** @returns {Promise<Entry[]>} oldest first */
  async read() {
    const { rows } = await this.#query(`SELECT id, migration_name, checksum, logs, applied_steps_count,
      to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS started,
      finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolled_back FROM ${this.#table} ORDER BY started_at`);
    return rows;
  }

  /**
   * @param {import('./project.js').Migration} migration
   * @param {string | null} logs
   * @returns {Promise<string>} the entry's id
   */
  async begin(migration, logs = null) {
    const id = randomUUID();
    await this.#query(`INSERT INTO ${this.#table} (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)`, [
      id,
      migration.checksum,
      migration.name,
      logs,
    ]);
    return id;
  }

  async note(id, steps, logs) {
    await this.#query(`UPDATE ${this.#table} SET applied_steps_count = $2, logs = $3 WHERE id = $1`, [id, steps, logs]);
  }

  /** Steps are Prisma's: a file is one, and an entry made without running it has none. */
  async finish(id, steps = 1) {
    await this.#query(
      `UPDATE ${this.#table} SET finished_at = clock_timestamp(), applied_steps_count = $2, logs = NULL WHERE id = $1`,
      [id, steps],
    );
  }

  async rollBack(id) {
    await this.#query(`UPDATE ${this.#table} SET rolled_back_at = clock_timestamp() WHERE id = $1 AND rolled_back_at IS NULL`, [id]);
  }

  #query(text, values = []) {
    return this.#connection.query({ text, values });
  }
}

/** @param {Entry} entry */
export const isApplied = (entry) => entry.finished && !entry.rolled_back;

/** @param {Entry} entry */
export const isUnfinished = (entry) => !entry.finished && !entry.rolled_back;

/** The migrations that LiteLLM hands over: the schema in the working directory, with `migrations/` beside it. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readDatasource, resolveUrl } from '../datamodel.js';
import { readDatabaseUrl } from '../database-url.js';
import { MigrateError } from './report.js';

const PLACES = ['schema.prisma', join('prisma', 'schema.prisma')];

/**
 * @typedef {{ name: string, file: string, sql: string, checksum: string }} Migration
 * @typedef {{ folder: string, database: import('../database-url.js').Database }} Project
 */

/**
 * @param {string | undefined} schemaPath from `--schema`; otherwise looked for where Prisma does
 * @param {Record<string, string | undefined>} environment
 * @returns {Project}
 * @throws {MigrateError} where there is no schema, or no usable database URL
 */
export function findProject(schemaPath, environment) {
  const path = schemaPath ?? PLACES.find((place) => existsSync(place));
  if (!path || !existsSync(path)) {
    throw new MigrateError('P1012', `no schema.prisma at ${schemaPath ?? PLACES.join(' or ')} (in ${process.cwd()})`);
  }
  try {
    const database = readDatabaseUrl(resolveUrl(readDatasource(readFileSync(path, 'utf8')), environment));
    return { folder: join(dirname(path), 'migrations'), database };
  } catch (error) {
    throw new MigrateError('P1012', error.message);
  }
}

/**
 * All migrations in the order in which they apply.
 *
 * @param {string} folder
 * @returns {Migration[]}
 * @throws {MigrateError} P3015 where a folder holds no migration.sql
 */
export function readMigrations(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => readMigration(folder, name));
}

function readMigration(folder, name) {
  const file = join(folder, name, 'migration.sql');
  if (!existsSync(file)) {
    throw new MigrateError('P3015', `Could not find the migration file at ${file}. Please delete the directory or restore the migration file.`);
  }
  const bytes = readFileSync(file);
  return { name, file, sql: bytes.toString(), checksum: createHash('sha256').update(bytes).digest('hex') };
}

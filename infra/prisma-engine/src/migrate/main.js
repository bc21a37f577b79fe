/** The Prisma command line as far as LiteLLM needs it: `--version`, `migrate deploy` and `migrate resolve`. */
import { parseArgs } from 'node:util';
import { connector } from '../connection.js';
import { describeFailure } from '../errors.js';
import { deploy } from './deploy.js';
import { Ledger } from './ledger.js';
import { findProject } from './project.js';
import { describe, MigrateError } from './report.js';
import { resolveApplied, resolveRolledBack } from './resolve.js';

// The version that the Python client 0.11 is made for.
const VERSION = '5.4.2';
const NO_SUCH_DATABASE = '3D000';

const say = (line) => console.log(line);
const warn = (line) => console.error(line);

/** A command or an argument that is not served here. */
class UsageError extends Error {}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof MigrateError ? `Error: ${error.code}\n\n${error.message}` : `Error: ${error.message}`);
  process.exitCode = 1;
}

async function main(commandLine) {
  if (commandLine.includes('--version') || commandLine.includes('-v')) {
    say(`prisma : ${VERSION} (InferSpect, without a schema engine)`);
    return;
  }
  const { positionals, values } = parse(commandLine);
  const command = positionals.join(' ');
  if (command === 'migrate deploy') {
    await inDatabase(values.schema, (project, connection, ledger) => deploy(project, connection, ledger, say, warn));
  } else if (command === 'migrate resolve' && (values.applied === undefined) !== (values['rolled-back'] === undefined)) {
    await inDatabase(values.schema, (project, _connection, ledger) =>
      values.applied === undefined
        ? resolveRolledBack(ledger, values['rolled-back'], say)
        : resolveApplied(project, ledger, values.applied, say),
    );
  } else {
    throw refusal(commandLine);
  }
}

function parse(commandLine) {
  try {
    return parseArgs({
      args: commandLine,
      allowPositionals: true,
      options: { schema: { type: 'string' }, applied: { type: 'string' }, 'rolled-back': { type: 'string' } },
    });
  } catch {
    throw refusal(commandLine);
  }
}

// Only the command's words: other arguments may hold a database URL.
function refusal(commandLine) {
  const words = commandLine.slice(0, 2).filter((word) => /^[a-z]+$/.test(word)).join(' ');
  return new UsageError(`\`prisma ${words}\` with these arguments is not available: it needs Prisma's schema engine, ` +
    'a native program that InferSpect does not ship. Available: `--version`, `migrate deploy`, `migrate resolve ' +
    '--applied|--rolled-back NAME`. For the rest install Prisma and set INFERSPECT_PRISMA_ENGINE=native.');
}

async function inDatabase(schemaPath, action) {
  const project = findProject(schemaPath, process.env);
  // A migration may take its time, whatever the limits for the gateway's own queries are.
  const database = { ...project.database, socketTimeout: 0 };
  let connection;
  try {
    connection = await openOrCreate(database);
    say(`Datasource: PostgreSQL database "${database.database}", schema "${database.schema}" at "${database.host}:${database.port}"\n`);
    await connection.query('SET statement_timeout = 0');
    const ledger = new Ledger(connection, database.schema);
    await ledger.lock(process.env);
    await action(project, connection, ledger);
  } catch (error) {
    throw inPrismasWords(error, database);
  } finally {
    await connection?.close();
  }
}

async function openOrCreate(database) {
  try {
    return await connector(database)();
  } catch (error) {
    if (error.code !== NO_SUCH_DATABASE) throw error;
  }
  const server = await connector({ ...database, database: 'postgres', startup: {}, pooled: false })();
  try {
    await server.query(`CREATE DATABASE "${database.database.replaceAll('"', '""')}"`);
  } finally {
    await server.close();
  }
  return connector(database)();
}

function inPrismasWords(error, database) {
  if (error instanceof MigrateError) return error;
  if (error.severity) return new MigrateError(error.code, describe(error));
  const { error_code: code, message } = describeFailure(error, database);
  return code === 'P2010' ? error : new MigrateError(code, message);
}

/** The query engine's process: `query-engine -p PORT`, configured by the variables that the Prisma client sets. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connector } from './connection.js';
import { readDatasource, resolveUrl } from './datamodel.js';
import { readDatabaseUrl } from './database-url.js';
import { startEngine } from './engine.js';
import { endWithParent } from './lifetime.js';
import { Metrics } from './metrics.js';
import { Pool } from './pool.js';
import { createEngineServer } from './server.js';

// How long a stop waits for PostgreSQL to be told goodbye; LiteLLM kills after half a second.
const GOODBYE_MILLISECONDS = 250;

// LiteLLM's supervisor finds engines that lost their worker by this name.
process.title = 'query-engine';

const { values } = parseArgs({
  options: {
    port: { type: 'string', short: 'p', default: process.env.PORT ?? '4466' },
    host: { type: 'string', short: 'H', default: '127.0.0.1' },
    'datamodel-path': { type: 'string', default: process.env.PRISMA_DML_PATH },
  },
  // The client passes switches for what is always on here: metrics and raw queries.
  strict: false,
});

try {
  await run();
} catch (error) {
  // The form in which the native engine tells why it did not start.
  console.error(JSON.stringify({ is_panic: false, message: error.message, error_code: 'P1012' }));
  process.exit(1);
}

async function run() {
  const schema = readSchema();
  const datasource = readDatasource(schema);
  const url = resolveUrl(datasource, process.env);
  const database = readDatabaseUrl(url);
  const pool = new Pool({ open: connector(database), database });
  const log = /^(1|y|true)/i.test(process.env.LOG_QUERIES ?? '') ? (line) => console.error(line) : undefined;
  const engine = await startEngine({ schema, datasource: datasource.name, url, database, pool, log });
  const server = createEngineServer({ engine, metrics: new Metrics(pool) });

  endWithParent(() => {
    server.close();
    setTimeout(() => process.exit(0), GOODBYE_MILLISECONDS);
    pool.close().finally(() => process.exit(0));
  });
  server.on('error', (error) => {
    console.error(`query-engine: cannot listen on ${values.host}:${values.port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(Number(values.port), values.host);
}

function readSchema() {
  if (process.env.PRISMA_DML) return Buffer.from(process.env.PRISMA_DML, 'base64').toString();
  const path = values['datamodel-path'];
  if (!path) throw new Error('no schema: set PRISMA_DML_PATH or pass --datamodel-path');
  return readFileSync(path, 'utf8');
}

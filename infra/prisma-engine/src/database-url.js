/**
 * Prisma's dialect of the PostgreSQL URL, as far as LiteLLM and its operators use it.
 *
 * Read and obeyed: schema, connection_limit, pool_timeout, connect_timeout, socket_timeout,
 * max_idle_connection_lifetime, max_connection_lifetime, application_name, options, host, pgbouncer and the TLS
 * parameters of tls.js. Ignored on purpose: statement_cache_size, because no named statement is ever prepared
 * (which is also all that pgbouncer=true has to promise), and parameters that Prisma itself does not know.
 */
import { availableParallelism } from 'node:os';
import { readTls } from './tls.js';

const DEFAULT_IDLE_SECONDS = 300;

/**
 * @typedef {object} Database
 * @property {string} host a name, an address or the folder of a Unix socket
 * @property {number} port
 * @property {string} user
 * @property {string} password
 * @property {string} database
 * @property {string} schema
 * @property {number} connectionLimit
 * @property {number} poolTimeout seconds; 0 waits without end
 * @property {number} connectTimeout seconds; 0 waits without end
 * @property {number} socketTimeout seconds a statement may take; 0 is without end
 * @property {number} idleLifetime seconds a connection may be idle; 0 is without end
 * @property {number} lifetime seconds a connection may live; 0 is without end
 * @property {Record<string, string>} startup parameters of the session
 * @property {boolean} pooled behind PgBouncer, which refuses most start-up parameters
 * @property {import('./tls.js').Tls} tls
 */

/**
 * @param {string} text
 * @returns {Database}
 * @throws {Error} naming the parameter that is wrong; never showing the URL, which holds the password
 */
export function readDatabaseUrl(text) {
  const url = parse(text);
  const parameters = url.searchParams;
  const seconds = (name, standard) => readNumber(parameters, name, standard);
  const host = parameters.get('host') || decode(url.hostname).replace(/^\[|\]$/g, '') || 'localhost';
  const schema = parameters.get('schema') || 'public';
  const pooled = parameters.get('pgbouncer') === 'true';
  const user = decode(url.username);
  return {
    host,
    port: Number(url.port || parameters.get('port') || 5432),
    user,
    password: decode(url.password),
    database: decode(url.pathname.slice(1)) || user || 'postgres',
    schema,
    connectionLimit: Math.max(1, readNumber(parameters, 'connection_limit', availableParallelism() * 2 + 1)),
    poolTimeout: seconds('pool_timeout', 10),
    connectTimeout: seconds('connect_timeout', 5),
    socketTimeout: seconds('socket_timeout', 0),
    idleLifetime: seconds('max_idle_connection_lifetime', DEFAULT_IDLE_SECONDS),
    lifetime: seconds('max_connection_lifetime', 0),
    startup: readStartup(parameters, pooled ? undefined : parameters.get('schema')),
    pooled,
    tls: readTls(parameters, host),
  };
}

function parse(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Error('the database URL is not a URL; reserved characters in the password have to be percent-encoded');
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Error('the database URL must start with the protocol `postgresql://` or `postgres://`');
  }
  if (url.hostname.includes(',')) throw new Error('the database URL names several hosts; one is supported');
  return url;
}

// Sent when the session starts, so that a server-side reset of the session keeps them.
function readStartup(parameters, schema) {
  return {
    // A column's DEFAULT CURRENT_TIMESTAMP is local time of the session, and the client takes it for UTC.
    TimeZone: 'UTC',
    application_name: parameters.get('application_name') || undefined,
    options: parameters.get('options') || undefined,
    search_path: schema ? `"${schema.replaceAll('"', '""')}"` : undefined,
  };
}

function readNumber(parameters, name, standard) {
  const text = parameters.get(name);
  if (text === null || text === '') return standard;
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`${name} in the database URL is not a number: ${text}`);
  return number;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('the database URL has a broken percent-encoding');
  }
}

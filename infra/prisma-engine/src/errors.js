/**
 * Failures in Prisma's words and codes, as the Python client and LiteLLM's reconnect logic read them.
 *
 * LiteLLM tells an outage from bad data by the words of the message ("can't reach database server", "timed out",
 * "connection closed") and a full server by the SQLSTATE in `meta.code`, so both are always given.
 */
import { ConnectFailure, ConnectTimeout, ConnectionLost, PoolTimeout, StatementTimeout } from './failures.js';

const TOO_MANY_CONNECTIONS = '53300';
const NO_SUCH_DATABASE = '3D000';
const REFUSED_LOGIN = new Set(['28000', '28P01']);
const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;
const EXTERNAL = 'P2036';

/**
 * @typedef {{ is_panic: boolean, message: string, meta: object, error_code: string }} UserFacingError
 */

/**
 * An exception of this side as Prisma would report it.
 *
 * @param {Error} failure
 * @param {import('./database-url.js').Database} database
 * @returns {UserFacingError}
 */
export function describeFailure(failure, database) {
  const place = `\`${database.host}:${database.port}\``;
  const address = { database_host: database.host, database_port: database.port };
  if (failure instanceof PoolTimeout) {
    const meta = { connection_limit: database.connectionLimit, timeout: database.poolTimeout };
    return report('P2024', 'Timed out fetching a new connection from the connection pool. (Current connection pool ' +
      `timeout: ${meta.timeout}, connection limit: ${meta.connection_limit})`, meta);
  }
  if (failure instanceof ConnectTimeout) {
    return report('P1002', `The database server at ${place} was reached but timed out.\n\nPlease try again.`, address);
  }
  if (failure instanceof StatementTimeout) {
    return report('P1008', `Operations timed out after \`${database.socketTimeout}s\``, { time: `${database.socketTimeout}s` });
  }
  if (failure instanceof ConnectionLost) {
    return report('P1017', `Server has closed the connection. (Connection closed at ${place}: ${failure.message})`, address);
  }
  if (failure instanceof ConnectFailure) return describeConnectFailure(failure, database, place, address);
  return report('P2010', `Raw query failed. Code: \`N/A\`. Message: \`${failure?.message ?? failure}\``, {
    code: 'N/A',
    message: String(failure?.message ?? failure),
  });
}

function describeConnectFailure({ code = '', message }, database, place, address) {
  if (code === TOO_MANY_CONNECTIONS) {
    return report('P2037', `Too many database connections opened: ${message}`, { code, message });
  }
  if (REFUSED_LOGIN.has(code)) {
    return report('P1000', `Authentication failed against database server at ${place}, the provided database ` +
      `credentials for \`${database.user}\` are not valid. (${message})`, { database_user: database.user, ...address });
  }
  if (code === NO_SUCH_DATABASE) {
    return report('P1003', `Database \`${database.database}\` does not exist on the database server at ${place}.`, {
      database_name: database.database,
      ...address,
    });
  }
  if (TLS_CODES.test(code) || /certificate|SSL|TLS/.test(message)) {
    return report('P1011', `Error opening a TLS connection: ${message}`, { message });
  }
  return report('P1001', `Can't reach database server at ${place}\n\nPlease make sure your database server is running ` +
    `at ${place}. (${message})`, address);
}

/**
 * The engine's error, with an exception of this side put in the place of its number.
 *
 * @param {object} error as the engine wrote it: a user-facing error, or one inside `user_facing_error`
 * @param {(failure: number) => UserFacingError} lookUp
 * @returns {object}
 */
export function restoreFailure(error, lookUp) {
  const known = error.user_facing_error ?? error;
  // The client reads `meta.kind` of whatever it gets, and crashes where there is no meta.
  if (known.error_code !== EXTERNAL) return withMeta(error);
  const restored = lookUp(known.meta.id);
  return error.user_facing_error ? { ...error, error: restored.message, user_facing_error: restored } : restored;
}

/**
 * An exception that no code of Prisma's fits: a defect, or a request that the client never writes.
 *
 * @param {Error} error
 * @returns {object}
 */
export function internalError(error) {
  const message = String(error?.message ?? error);
  return { error: message, user_facing_error: { is_panic: false, message, meta: {}, backtrace: null } };
}

/**
 * @param {string} message
 * @returns {UserFacingError} for a transaction that could not be started, or is no more
 */
export function transactionError(message) {
  return report('P2028', `Transaction API error: ${message}`, { error: message });
}

function withMeta(error) {
  const known = error.user_facing_error;
  return known && !known.meta ? { ...error, user_facing_error: { ...known, meta: {} } } : error;
}

function report(code, message, meta) {
  return { is_panic: false, message, meta, error_code: code };
}

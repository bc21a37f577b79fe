/**
 * The database as Prisma's WebAssembly engine wants to see it (its "driver adapter").
 *
 * A method never throws: the engine takes `{ ok: false, error }`, where an error is either PostgreSQL's own words,
 * which the engine turns into its codes, or the number of an exception kept here for `takeFailure`.
 */
import { columnType, valueForms } from './column-types.js';

const ENDS_TRANSACTION = /^(COMMIT|ROLLBACK)\s*$/i;
const BEGINS_TRANSACTION = /^BEGIN\b/i;

/**
 * @param {import('./pool.js').Pool} pool
 * @param {string} schema
 * @returns {object} the adapter, with `takeFailure(id)` beside the engine's methods
 */
export function createAdapter(pool, schema) {
  const failures = new Map();
  let nextFailure = 0;

  function refuse(error) {
    if (typeof error.severity === 'string' && typeof error.code === 'string') {
      const { code, severity, message, detail, column, hint } = error;
      return { ok: false, error: { kind: 'Postgres', code, severity, message, detail, column, hint } };
    }
    nextFailure = (nextFailure + 1) % 0x7fffffff;
    failures.set(nextFailure, error);
    return { ok: false, error: { kind: 'GenericJs', id: nextFailure } };
  }

  const attempt = async (action) => {
    try {
      return { ok: true, value: await action() };
    } catch (error) {
      return refuse(error);
    }
  };

  const queryable = (run) => ({
    provider: 'postgres',
    adapterName: 'inferspect',
    queryRaw: (query) => attempt(async () => toResultSet(await run(query))),
    executeRaw: (query) => attempt(async () => (await run(query)).rowCount ?? 0),
  });

  async function runOnce(query) {
    const connection = await pool.acquire();
    try {
      return await connection.query(toStatement(query));
    } finally {
      pool.release(connection);
    }
  }

  async function startTransaction() {
    const connection = await pool.acquire();
    return {
      ...queryable((query) => runInTransaction(pool, connection, query)),
      options: { usePhantomQuery: false },
      commit: async () => ({ ok: true, value: undefined }),
      rollback: async () => ({ ok: true, value: undefined }),
    };
  }

  return {
    ...queryable(runOnce),
    startTransaction: () => attempt(startTransaction),
    getConnectionInfo: () => ({ ok: true, value: { schemaName: schema } }),
    takeFailure(id) {
      const failure = failures.get(id);
      failures.delete(id);
      return failure;
    },
  };
}

// The engine calls commit() and rollback() only where the SQL of that name succeeded, so the connection goes back
// with the SQL; otherwise a refused COMMIT would keep it for ever.
async function runInTransaction(pool, connection, query) {
  const ends = ENDS_TRANSACTION.test(query.sql);
  try {
    const result = await connection.query(toStatement(query));
    if (ends) pool.release(connection);
    return result;
  } catch (error) {
    if (ends || BEGINS_TRANSACTION.test(query.sql)) connection.destroy();
    throw error;
  }
}

function toStatement({ sql, args }) {
  return { text: sql, values: args.map(toParameter), rowMode: 'array', types: valueForms };
}

// node-postgres sends the whole buffer under a view, and an array's bytes only where they are a Buffer.
function toParameter(value) {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Array.isArray(value) ? value.map(toParameter) : value;
}

// A statement text with several statements answers with several results; the last one counts, as in psql.
function toResultSet(result) {
  const { fields, rows } = Array.isArray(result) ? result.at(-1) : result;
  return {
    columnNames: fields.map((field) => field.name),
    columnTypes: fields.map((field) => columnType(field.dataTypeID)),
    rows,
  };
}

/** Prisma's WebAssembly query engine, driven the way the native one is over HTTP. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createAdapter } from './adapter.js';
import { describeFailure, restoreFailure, transactionError } from './errors.js';
import { parseExactly, toResult } from './results.js';
import { createTranslator } from './translate.js';

const require = createRequire(import.meta.url);
const NO_TRACE = '{}';
// The engine would give up waiting for a connection without giving it back; the waiting is ended here instead.
const WITHOUT_END = 86_400_000;
// Beyond this a JavaScript timer fires at once.
const LONGEST_TIMER = 2 ** 31 - 1;
const DEFAULT_WAIT = 2000;
const DEFAULT_TIMEOUT = 5000;

/**
 * @param {object} options
 * @param {string} options.schema the text of the schema.prisma
 * @param {string} options.datasource its datasource's name
 * @param {string} options.url
 * @param {import('./database-url.js').Database} options.database
 * @param {import('./pool.js').Pool} options.pool
 * @param {((line: string) => void) | undefined} options.log told each query where given
 * @returns {Promise<object>} `query`, `startTransaction`, `commit` and `rollback`
 */
export async function startEngine({ schema, datasource, url, database, pool, log }) {
  const adapter = createAdapter(pool, database.schema);
  const translate = createTranslator(schema);
  const engine = await loadEngine({
    datamodel: schema,
    env: process.env,
    logQueries: log !== undefined,
    logLevel: log ? 'info' : 'error',
    ignoreEnvVarErrors: true,
    datasourceOverrides: { [datasource]: url },
    configDir: '.',
    engineProtocol: 'json',
  }, log, adapter);

  const restore = (error) => restoreFailure(error, (id) => describeFailure(adapter.takeFailure(id), database));
  const restoreAll = (errors) => ({ errors: errors.map(restore) });
  const oneResult = (answer, alias) => (answer.errors ? restoreAll(answer.errors) : toResult(answer, alias));

  async function ask(request, transaction) {
    return parseExactly(await engine.query(JSON.stringify(request), NO_TRACE, transaction));
  }

  async function batch(body, transaction) {
    const parts = body.batch.map((part) => translate(part.query));
    const answer = await ask({
      batch: parts.map((part) => part.request),
      transaction: body.transaction ? { isolationLevel: body.isolationLevel ?? null } : null,
    }, transaction);
    if (answer.errors) return restoreAll(answer.errors);
    const results = answer.batchResult.map((result, index) => oneResult(result, parts[index].alias));
    const errors = results.flatMap((result) => result.errors ?? []);
    return errors.length > 0 ? { errors, batchResult: results } : { batchResult: results };
  }

  async function query(body, transaction) {
    if (Array.isArray(body.batch)) return batch(body, transaction);
    const { request, alias } = translate(body.query);
    return oneResult(await ask(request, transaction), alias);
  }

  async function startTransaction({ max_wait: wait = DEFAULT_WAIT, timeout = DEFAULT_TIMEOUT, isolation_level: isolation = null }) {
    const options = { max_wait: WITHOUT_END, timeout: Math.min(timeout, LONGEST_TIMER), isolation_level: isolation };
    const started = engine.startTransaction(JSON.stringify(options), NO_TRACE).then(JSON.parse);
    const answer = await Promise.race([started, later(wait)]);
    if (answer === TOO_LATE) {
      started.then(({ id }) => id && engine.rollbackTransaction(id, NO_TRACE)).catch(() => {});
      return transactionError('Unable to start a transaction in the given time.');
    }
    return answer.error_code ? restore(answer) : { id: answer.id };
  }

  async function end(action, id) {
    const answer = JSON.parse(await engine[action](id, NO_TRACE));
    return answer?.error_code ? restore(answer) : {};
  }

  await engine.connect(NO_TRACE);
  return {
    query,
    startTransaction,
    commit: (id) => end('commitTransaction', id),
    rollback: (id) => end('rollbackTransaction', id),
  };
}

async function loadEngine(options, log, adapter) {
  const folder = '@prisma/client/runtime/query_engine_bg.postgresql';
  const glue = require(`${folder}.js`);
  const module = await WebAssembly.compile(readFileSync(require.resolve(`${folder}.wasm`)));
  const instance = await WebAssembly.instantiate(module, { './query_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return new glue.QueryEngine(options, log ?? (() => {}), adapter);
}

const TOO_LATE = Symbol('too late');

function later(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER), TOO_LATE).unref();
  });
}

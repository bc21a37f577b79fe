/** The engine's HTTP face, as the Prisma client knows it from the native engine. */
import { createServer } from 'node:http';
import { internalError } from './errors.js';
import { RequestError } from './translate.js';

// The client keeps connections open between requests; the server must not be the first to drop them.
const KEEP_ALIVE_MILLISECONDS = 600_000;

/**
 * @param {object} options
 * @param {Awaited<ReturnType<typeof import('./engine.js').startEngine>>} options.engine
 * @param {import('./metrics.js').Metrics} options.metrics
 * @returns {import('node:http').Server}
 */
export function createEngineServer({ engine, metrics }) {
  async function query(request) {
    let answer;
    try {
      answer = await engine.query(JSON.parse(await readBody(request)), request.headers['x-transaction-id']);
    } catch (error) {
      if (!(error instanceof RequestError)) console.error('query-engine: a query failed unexpectedly:', error);
      answer = { errors: [internalError(error)] };
    }
    metrics.count(answer.errors !== undefined);
    return [200, answer];
  }

  // The client takes any status but 2xx for a failure of the transaction, and shows the body.
  const transaction = (answer) => [answer.error_code ? 500 : 200, answer];

  async function handle(request) {
    const { pathname, searchParams } = new URL(request.url, 'http://engine');
    const route = `${request.method} ${pathname}`;
    if (route === 'POST /') return query(request);
    const body = await readBody(request);
    if (route === 'GET /status') return [200, { status: 'ok' }];
    if (route === 'GET /metrics') return [200, metrics.write(searchParams.get('format') ?? 'json', body ? JSON.parse(body) : {})];
    if (route === 'POST /transaction/start') return transaction(await engine.startTransaction(JSON.parse(body)));
    const [, id, action] = /^POST \/transaction\/([^/]+)\/(commit|rollback)$/.exec(route) ?? [];
    if (action) return transaction(await engine[action](id));
    return [404, { message: `nothing at ${route}` }];
  }

  return createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS, requestTimeout: 0 }, (request, response) => {
    handle(request)
      .catch((error) => {
        console.error('query-engine: a request failed unexpectedly:', error);
        return [500, { errors: [internalError(error)] }];
      })
      .then(([status, answer]) => write(response, status, answer));
  });
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function write(response, status, answer) {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  response.writeHead(status, {
    'content-type': typeof answer === 'string' ? 'text/plain; version=0.0.4' : 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDatabaseUrl } from '../src/database-url.js';
import { describeFailure, internalError, restoreFailure, transactionError } from '../src/errors.js';
import { ConnectFailure, ConnectionLost, ConnectTimeout, PoolTimeout, StatementTimeout } from '../src/failures.js';

const database = readDatabaseUrl('postgresql://alice:secret@db:5433/main?connection_limit=3&pool_timeout=1&socket_timeout=2');
const connectFailure = (message, code) => new ConnectFailure(Object.assign(new Error(message), { code }));

// LiteLLM's reconnect logic looks for these words and codes.
const CASES = [
  [connectFailure('connect ECONNREFUSED', 'ECONNREFUSED'), 'P1001', /Can't reach database server at `db:5433`/],
  [connectFailure('password authentication failed', '28P01'), 'P1000', /Authentication failed .*`alice`/],
  [connectFailure('database "main" does not exist', '3D000'), 'P1003', /`main` does not exist/],
  [connectFailure('sorry, too many clients already', '53300'), 'P2037', /too many clients already/],
  [connectFailure('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'P1011', /TLS connection: self-signed/],
  [connectFailure('The server does not support SSL connections'), 'P1011', /SSL/],
  [new ConnectTimeout('timed out'), 'P1002', /timed out/],
  [new StatementTimeout('slow'), 'P1008', /timed out after `2s`/],
  [new ConnectionLost(new Error('Connection terminated unexpectedly')), 'P1017', /closed.*Connection closed/],
  [new PoolTimeout('timed out'), 'P2024', /Timed out fetching.*timeout: 1, connection limit: 3/],
  [new Error('odd'), 'P2010', /odd/],
];

test('each failure has the code of Prisma and the words of LiteLLM', () => {
  for (const [failure, code, message] of CASES) {
    const error = describeFailure(failure, database);
    assert.equal(error.error_code, code);
    assert.match(error.message, message);
    assert.ok(error.meta, 'the client reads meta.kind of every error');
    assert.ok(!JSON.stringify(error).includes('secret'));
  }
});

test('a full server is told by its SQLSTATE', () => {
  assert.equal(describeFailure(connectFailure('too many clients', '53300'), database).meta.code, '53300');
});

test('a failure of this side takes the place of its number, and other errors stay', () => {
  const lookUp = (id) => ({ error_code: 'P1001', message: `failure ${id}`, meta: {} });
  const inside = restoreFailure({ error: 'x', user_facing_error: { error_code: 'P2036', meta: { id: 7 } } }, lookUp);
  assert.deepEqual([inside.error, inside.user_facing_error.error_code], ['failure 7', 'P1001']);
  assert.equal(restoreFailure({ error_code: 'P2036', meta: { id: 8 } }, lookUp).message, 'failure 8');
  const other = { error: 'x', user_facing_error: { error_code: 'P2002', meta: { target: ['a'] } } };
  assert.equal(restoreFailure(other, lookUp), other);
});

test('no error is without meta', () => {
  assert.deepEqual(restoreFailure({ error: 'x', user_facing_error: { message: 'y' } }, () => undefined).user_facing_error.meta, {});
  assert.deepEqual(internalError(new Error('z')).user_facing_error.meta, {});
  assert.equal(transactionError('late').error_code, 'P2028');
});

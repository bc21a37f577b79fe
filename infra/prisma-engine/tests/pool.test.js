import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { readDatabaseUrl } from '../src/database-url.js';
import { PoolTimeout } from '../src/failures.js';
import { Pool } from '../src/pool.js';

/** Stands in for a connection: what the pool sees of one. */
class Stub {
  usable = true;
  openedAt = Date.now();
  onEnd = () => {};

  destroy() {
    this.usable = false;
    this.onEnd();
  }

  async close() {
    this.destroy();
  }
}

function createPool(query, open = async () => new Stub()) {
  let opened = 0;
  const database = readDatabaseUrl(`postgresql://u@h/d?${query}`);
  const pool = new Pool({
    database,
    open: () => {
      opened += 1;
      return open();
    },
  });
  return { pool, opened: () => opened };
}

test('a connection given back is used again', async () => {
  const { pool, opened } = createPool('connection_limit=2');
  const first = await pool.acquire();
  pool.release(first);
  assert.equal(await pool.acquire(), first);
  assert.equal(opened(), 1);
});

test('beyond the limit callers wait in turn', async () => {
  const { pool, opened } = createPool('connection_limit=1');
  const order = [];
  const held = await pool.acquire();
  const waiting = [1, 2, 3].map((number) =>
    pool.acquire().then((connection) => {
      order.push(number);
      pool.release(connection);
    }),
  );
  assert.deepEqual(pool.state, { open: 1, busy: 1, idle: 0, waiting: 3 });
  pool.release(held);
  await Promise.all(waiting);
  assert.deepEqual([order, opened()], [[1, 2, 3], 1]);
});

test('a caller that waited too long is told, and takes nothing afterwards', async () => {
  const { pool } = createPool('connection_limit=1&pool_timeout=0.02');
  const held = await pool.acquire();
  await assert.rejects(pool.acquire(), PoolTimeout);
  pool.release(held);
  assert.deepEqual(pool.state, { open: 1, busy: 0, idle: 1, waiting: 0 });
});

test('a connection that ends makes room, whoever holds it', async () => {
  const { pool, opened } = createPool('connection_limit=1');
  const held = await pool.acquire();
  const waiting = pool.acquire();
  held.destroy();
  assert.notEqual(await waiting, held);
  pool.release(held);
  assert.deepEqual([pool.state.open, opened()], [1, 2]);
});

test('a connection being opened for a caller is not lost to its clock', async () => {
  const { pool } = createPool('connection_limit=1&pool_timeout=0.05', () => sleep(100).then(() => new Stub()));
  const held = await pool.acquire();
  const waiting = pool.acquire();
  held.destroy();
  pool.release(await waiting);
  assert.deepEqual(pool.state, { open: 1, busy: 0, idle: 1, waiting: 0 });
});

test('a failed opening is told to its caller, and the next one tries again', async () => {
  let down = true;
  const { pool } = createPool('connection_limit=1', async () => {
    if (down) throw new Error('down');
    return new Stub();
  });
  const attempts = [pool.acquire(), pool.acquire(), pool.acquire()];
  for (const attempt of attempts) await assert.rejects(attempt, /down/);
  down = false;
  assert.ok(await pool.acquire());
});

test('an idle connection that has ended unseen is not given away', async () => {
  const { pool, opened } = createPool('connection_limit=1');
  const first = await pool.acquire();
  pool.release(first);
  first.usable = false;
  assert.notEqual(await pool.acquire(), first);
  assert.equal(opened(), 2);
});

test('a closed pool gives nothing', async () => {
  const { pool } = createPool('connection_limit=1');
  await pool.acquire();
  const waiting = pool.acquire();
  const refused = assert.rejects(waiting, PoolTimeout);
  await pool.close();
  await refused;
  await assert.rejects(pool.acquire(), PoolTimeout);
  assert.equal(pool.state.open, 0);
});

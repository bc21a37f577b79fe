/**
 * Connections to share: opened when first needed, so that the engine starts with the database down, and forgotten
 * when the server drops them, so that a restarted database is found again by the next statement.
 */
import { PoolTimeout } from './failures.js';

const SWEEP_MILLISECONDS = 5000;

export class Pool {
  #open;
  #limit;
  #waitMilliseconds;
  #idleMilliseconds;
  #lifeMilliseconds;
  #connections = new Set();
  #idle = [];
  #waiting = [];
  #opening = 0;
  #closed = false;
  #sweeper;

  /**
   * @param {object} options
   * @param {() => Promise<import('./connection.js').Connection>} options.open
   * @param {import('./database-url.js').Database} options.database its pool parameters
   */
  constructor({ open, database }) {
    this.#open = open;
    this.#limit = database.connectionLimit;
    this.#waitMilliseconds = database.poolTimeout * 1000;
    this.#idleMilliseconds = database.idleLifetime * 1000 || Infinity;
    this.#lifeMilliseconds = database.lifetime * 1000 || Infinity;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MILLISECONDS).unref();
  }

  /** How many connections are open, at work and idle, and how many statements wait for one. */
  get state() {
    const open = this.#connections.size;
    return { open, busy: open - this.#idle.length, idle: this.#idle.length, waiting: this.#waiting.length };
  }

  /**
   * A connection for the caller alone, to be given back with `release`.
   *
   * @returns {Promise<import('./connection.js').Connection>}
   * @throws {PoolTimeout | import('./failures.js').ConnectFailure | import('./failures.js').ConnectTimeout}
   */
  async acquire() {
    if (this.#closed) throw new PoolTimeout('the engine is stopping');
    const idle = this.#takeIdle();
    if (idle) return idle;
    return this.#hasRoom() ? this.#openOne() : this.#wait();
  }

  /**
   * Give a connection back. Safe for one that has ended.
   *
   * @param {import('./connection.js').Connection} connection
   */
  release(connection) {
    if (!this.#connections.has(connection)) return;
    const worn = Date.now() - connection.openedAt > this.#lifeMilliseconds;
    if (this.#closed || worn || !connection.usable) {
      connection.close();
      return;
    }
    connection.idleSince = Date.now();
    const waiter = this.#waiting.shift();
    waiter?.stopClock();
    if (waiter) waiter.give(connection);
    else this.#idle.push(connection);
  }

  /** Close everything; statements under way lose their connection. */
  async close() {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const waiter of this.#waiting.splice(0)) {
      waiter.stopClock();
      waiter.fail(new PoolTimeout('the engine is stopping'));
    }
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  #takeIdle() {
    for (let connection; (connection = this.#idle.pop()); ) {
      if (connection.usable) return connection;
      connection.destroy();
    }
    return undefined;
  }

  #hasRoom() {
    return this.#connections.size + this.#opening < this.#limit;
  }

  async #openOne() {
    this.#opening += 1;
    try {
      const connection = await this.#open();
      this.#connections.add(connection);
      connection.onEnd = () => this.#forget(connection);
      return connection;
    } finally {
      this.#opening -= 1;
      this.#serveWaiting();
    }
  }

  #forget(connection) {
    this.#connections.delete(connection);
    this.#idle = this.#idle.filter((other) => other !== connection);
    this.#serveWaiting();
  }

  // Room has appeared without a connection being given back: whoever waits longest opens a new one.
  #serveWaiting() {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const waiter = this.#waiting.shift();
      // Its clock stops: the opening has its own, and a connection given to nobody would be lost.
      waiter.stopClock();
      this.#openOne().then(waiter.give, waiter.fail);
    }
  }

  #wait() {
    return new Promise((resolve, reject) => {
      let timer;
      const waiter = { give: resolve, fail: reject, stopClock: () => clearTimeout(timer) };
      if (this.#waitMilliseconds > 0) {
        timer = setTimeout(() => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          reject(new PoolTimeout('timed out'));
        }, this.#waitMilliseconds);
      }
      this.#waiting.push(waiter);
    });
  }

  #sweep() {
    const now = Date.now();
    for (const connection of [...this.#idle]) {
      const stale = now - connection.idleSince > this.#idleMilliseconds;
      if (stale || now - connection.openedAt > this.#lifeMilliseconds) {
        this.#idle = this.#idle.filter((other) => other !== connection);
        connection.close();
      }
    }
  }
}

/** One connection to PostgreSQL, from opening to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ConnectFailure, ConnectTimeout, ConnectionLost, StatementTimeout } from './failures.js';

// cannot_connect_now: the server is up and replays its log after a crash, which ends by itself.
const STARTING_UP = '57P03';
// admin_shutdown, crash_shutdown, database_dropped: told to the client instead of an answer.
const SHUT_DOWN = new Set(['57P01', '57P02', '57P04']);
const RETRY_MILLISECONDS = 100;
const NO_TLS = /server does not support SSL/;

/** A node-postgres client that sends any start-up parameter; the library knows a fixed few. */
class Client extends pg.Client {
  #startup;

  constructor({ startup, ...options }) {
    super(options);
    this.#startup = startup;
  }

  getStartupConf() {
    const given = Object.entries(this.#startup).filter(([, value]) => value !== undefined);
    return { ...super.getStartupConf(), ...Object.fromEntries(given) };
  }
}

/** An open connection. Ends at most once; `onEnd` is then called, whoever holds it. */
export class Connection {
  idleSince = Date.now();
  openedAt = Date.now();
  ended = false;
  #client;
  #socketTimeout;
  #onEnd = () => {};

  constructor(client, socketTimeout) {
    this.#client = client;
    this.#socketTimeout = socketTimeout * 1000;
    // Without a listener a lost idle connection would end the process.
    client.on('error', () => this.#end());
    client.on('end', () => this.#end());
  }

  /** Whether a statement sent now has a chance: the socket's end may be known before its event was seen. */
  get usable() {
    const { stream } = this.#client.connection;
    return !this.ended && !stream.destroyed && stream.readable && stream.writable;
  }

  set onEnd(callback) {
    this.#onEnd = callback;
  }

  /**
   * Run a statement.
   *
   * @param {import('pg').QueryArrayConfig | string} statement
   * @returns {Promise<import('pg').QueryArrayResult>}
   * @throws {ConnectionLost | StatementTimeout | import('pg').DatabaseError}
   */
  async query(statement) {
    let timer;
    let timedOut = false;
    if (this.#socketTimeout > 0) {
      timer = setTimeout(() => {
        timedOut = true;
        this.destroy();
      }, this.#socketTimeout);
    }
    try {
      return await this.#client.query(statement);
    } catch (error) {
      if (timedOut) throw new StatementTimeout(`no answer within ${this.#socketTimeout / 1000} s`);
      // Refused by the server, or by the library before it was sent: the connection goes on.
      if (this.usable && !SHUT_DOWN.has(error.code)) throw error;
      this.destroy();
      throw new ConnectionLost(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Say goodbye to the server. */
  async close() {
    await this.#client.end().catch(() => {});
    this.#end();
  }

  /** Drop the connection now, with whatever it is doing. */
  destroy() {
    this.#client.connection.stream.destroy();
    this.#end();
  }

  #end() {
    if (this.ended) return;
    this.ended = true;
    this.#onEnd();
  }
}

/**
 * A function that opens connections to one database.
 *
 * @param {import('./database-url.js').Database} database
 * @returns {() => Promise<Connection>} failing with ConnectFailure or ConnectTimeout
 */
export function connector(database) {
  // Learnt from the first answer, so that a server without TLS is not asked again for each connection.
  let withoutTls = database.tls.use === 'never';

  async function attempt(deadline, plain) {
    const client = new Client({
      host: database.host,
      port: database.port,
      user: database.user,
      password: database.password,
      database: database.database,
      keepAlive: true,
      startup: database.startup,
      ssl: plain ? false : { ...database.tls.options },
    });
    let timer;
    const timeout = new Promise((_resolve, reject) => {
      if (deadline === Infinity) return;
      timer = setTimeout(() => reject(new ConnectTimeout('timed out')), deadline - Date.now());
    });
    try {
      // The client reports a failure while connecting to both; unheard, the event would end the process.
      client.on('error', () => {});
      await Promise.race([client.connect(), timeout]);
      if (database.pooled && database.schema !== 'public') {
        await client.query(`SET search_path = "${database.schema.replaceAll('"', '""')}"`);
      }
      return new Connection(client, database.socketTimeout);
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return async function open() {
    const deadline = database.connectTimeout > 0 ? Date.now() + database.connectTimeout * 1000 : Infinity;
    for (;;) {
      const plain = withoutTls;
      try {
        return await attempt(deadline, plain);
      } catch (error) {
        if (error instanceof ConnectTimeout) throw error;
        if (!plain && database.tls.use === 'try' && NO_TLS.test(error.message)) withoutTls = true;
        else if (error.code === STARTING_UP && Date.now() + RETRY_MILLISECONDS < deadline) await sleep(RETRY_MILLISECONDS);
        else throw new ConnectFailure(error);
      }
    }
  };
}

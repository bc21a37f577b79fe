/** Failures of reaching the database, as opposed to what the database says about a statement. */

/** No connection could be opened; `cause` says why. */
export class ConnectFailure extends Error {
  constructor(cause) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/** The server did not finish opening the connection in time. */
export class ConnectTimeout extends Error {}

/** A connection broke with a statement under way. */
export class ConnectionLost extends Error {
  constructor(cause) {
    super(cause.message, { cause });
  }
}

/** The pool had no connection to give in time. */
export class PoolTimeout extends Error {}

/** A statement took longer than socket_timeout. */
export class StatementTimeout extends Error {}

/** What the command line says when it fails: Prisma's codes and sentences, which LiteLLM's recovery reads. */

const EXCERPT_LINES = 12;
const EXCERPT_CHARACTERS = 1000;

/** A failure with a code of Prisma's. */
export class MigrateError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * A statement of a migration that PostgreSQL refused.
 *
 * @param {import('./project.js').Migration} migration
 * @param {{ text: string, line: number }} statement
 * @param {import('pg').DatabaseError} error
 * @param {string} state what the failure left behind
 * @returns {MigrateError}
 */
export function refusedStatement(migration, statement, error, state) {
  return new MigrateError(
    'P3018',
    [
      'A migration failed to apply. New migrations cannot be applied before the error is recovered from. ' +
        'Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve',
      `Migration name: ${migration.name}`,
      `Database error code: ${error.code ?? 'N/A'}`,
      `Database error:\n${describe(error)}`,
      `File: ${migration.file}, line ${statement.line}`,
      `Statement:\n${excerpt(statement.text)}`,
      `${state} Correct the file or the database and start again.`,
    ].join('\n\n'),
  );
}

/**
 * PostgreSQL's words on an error.
 *
 * @param {import('pg').DatabaseError} error
 * @returns {string}
 */
export function describe({ severity = 'ERROR', message, detail, hint, where }) {
  const further = [['DETAIL', detail], ['HINT', hint], ['CONTEXT', where]].filter(([, text]) => text);
  return [`${severity}: ${message}`, ...further.map(([name, text]) => `${name}: ${text}`)].join('\n');
}

/**
 * The beginning of a statement, indented.
 *
 * @param {string} text
 * @returns {string}
 */
export function excerpt(text) {
  const lines = text.slice(0, EXCERPT_CHARACTERS).split('\n');
  const shown = lines.slice(0, EXCERPT_LINES);
  const cut = shown.length < lines.length || text.length > EXCERPT_CHARACTERS;
  return [...shown, ...(cut ? ['...'] : [])].map((line) => `  ${line}`.trimEnd()).join('\n');
}

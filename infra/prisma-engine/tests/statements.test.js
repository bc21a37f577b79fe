import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerpt, refusedStatement } from '../src/migrate/report.js';
import { splitStatements } from '../src/migrate/statements.js';

const texts = (sql) => splitStatements(sql).map(({ text }) => text);

test('statements end at a semicolon, and comments before them are left out', () => {
  const sql = '-- first; not here\nCREATE TABLE a (b int);\n\n/* two; /* nested; */ still */ DROP TABLE a ;\nSELECT 1';
  assert.deepEqual(splitStatements(sql), [
    { text: 'CREATE TABLE a (b int)', line: 2 },
    { text: 'DROP TABLE a', line: 4 },
    { text: 'SELECT 1', line: 5 },
  ]);
});

test('semicolons within quotes, identifiers and bodies end nothing', () => {
  const whole = [
    "INSERT INTO a VALUES ('x;''y;')",
    "SELECT E'it\\';s'",
    "SELECT 'C:\\'",
    'SELECT "odd;""name;"',
    'DO $$ BEGIN PERFORM 1; END $$',
    "DO $body$ BEGIN EXECUTE $$ SELECT ';' $$; END $body$",
    'CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
    'SELECT $1 + a$b FROM t',
    'SELECT 1 -- ; trailing\n  + 2',
  ];
  for (const statement of whole) assert.deepEqual(texts(`${statement};\nSELECT 1;`), [statement, 'SELECT 1'], statement);
});

test('a file without a statement has none', () => {
  for (const sql of ['', ' \n', '-- nothing', '/* open', ';;', '\ufeff']) assert.deepEqual(texts(sql), [], JSON.stringify(sql));
});

test('a file saved with a byte order mark and Windows line ends is read', () => {
  assert.deepEqual(splitStatements('\ufeffSELECT 1;\r\n\r\nSELECT 2;\r\n'), [
    { text: 'SELECT 1', line: 1 },
    { text: 'SELECT 2', line: 3 },
  ]);
});

test('an unclosed quote takes the rest, for PostgreSQL to complain about', () => {
  assert.deepEqual(texts("SELECT 'open; SELECT 1"), ["SELECT 'open; SELECT 1"]);
  assert.deepEqual(texts('DO $$ open; SELECT 1'), ['DO $$ open; SELECT 1']);
});

test('a long statement is shown by its beginning', () => {
  assert.equal(excerpt('SELECT 1'), '  SELECT 1');
  assert.equal(excerpt(Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n')).split('\n').length, 13);
  assert.ok(excerpt('x'.repeat(5000)).length < 1100);
});

test('a refused statement is told with its file, line, text and the words of PostgreSQL', () => {
  const error = { code: '42P07', severity: 'ERROR', message: 'relation "a" already exists', hint: 'none' };
  const { code, message } = refusedStatement({ name: '2026_x', file: 'migrations/2026_x/migration.sql' }, { text: 'CREATE TABLE a ()', line: 3 }, error, 'Gone.');
  assert.equal(code, 'P3018');
  // What LiteLLM's recovery looks for.
  assert.match(message, /Migration name: 2026_x\n/);
  assert.match(message, /Database error code: 42P07/);
  assert.match(message, /ERROR: relation "a" already exists\nHINT: none/);
  assert.match(message, /migration\.sql, line 3\n\nStatement:\n {2}CREATE TABLE a \(\)/);
});

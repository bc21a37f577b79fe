import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readDatabaseUrl } from '../src/database-url.js';
import { readDatasource, resolveUrl } from '../src/datamodel.js';
import { SCHEMA } from './schema.js';

const folder = mkdtempSync(join(tmpdir(), 'database-url-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name) => {
  writeFileSync(join(folder, name), name);
  return join(folder, name);
};

test('the parts of the URL are decoded', () => {
  const database = readDatabaseUrl('postgresql://us%40er:p%3Aw%2F%3F@db.example:6432/my%20db?schema=gate&application_name=x');
  assert.deepEqual(
    [database.host, database.port, database.user, database.password, database.database, database.schema],
    ['db.example', 6432, 'us@er', 'p:w/?', 'my db', 'gate'],
  );
  assert.deepEqual(database.startup, { TimeZone: 'UTC', application_name: 'x', options: undefined, search_path: '"gate"' });
});

test('what is left out has the defaults of Prisma', () => {
  const database = readDatabaseUrl('postgres://u@h/d');
  assert.deepEqual([database.port, database.schema, database.password], [5432, 'public', '']);
  assert.deepEqual([database.poolTimeout, database.connectTimeout, database.socketTimeout, database.idleLifetime], [10, 5, 0, 300]);
  assert.ok(database.connectionLimit >= 3);
});

test('the limits that LiteLLM appends are obeyed', () => {
  const database = readDatabaseUrl(
    'postgresql://u@h/d?connection_limit=7&pool_timeout=60&connect_timeout=2.5&socket_timeout=30&max_idle_connection_lifetime=60' +
      '&options=-c+statement_timeout%3D1000',
  );
  assert.deepEqual(
    [database.connectionLimit, database.poolTimeout, database.connectTimeout, database.socketTimeout, database.idleLifetime],
    [7, 60, 2.5, 30, 60],
  );
  assert.equal(database.startup.options, '-c statement_timeout=1000');
});

test('a Unix socket and an IPv6 address are hosts', () => {
  const socket = readDatabaseUrl('postgresql://u@localhost/d?host=/run/postgres&sslmode=require');
  assert.deepEqual([socket.host, socket.tls.use], ['/run/postgres', 'never']);
  assert.equal(readDatabaseUrl('postgresql:///d?host=/run/postgres').host, '/run/postgres');
  assert.equal(readDatabaseUrl('postgresql://u@[::1]:5433/d').host, '::1');
});

test('PgBouncer is sent no start-up parameter that it refuses', () => {
  assert.equal(readDatabaseUrl('postgresql://u@h/d?pgbouncer=true&schema=gate').startup.search_path, undefined);
});

test('a wrong URL is refused by parameter, and never shown', () => {
  const wrong = {
    'mysql://u:secret@h/d': /postgresql:\/\//,
    'u:secret@h/d': /postgresql:\/\//,
    'postgresql://u:secret@h:port/d': /not a URL/,
    'postgresql://u:secret@h/d?pool_timeout=soon': /pool_timeout/,
    'postgresql://u:secret@h/d?sslmode=maybe': /sslmode/,
    'postgresql://u:secret@a,b/d': /several hosts/,
    'postgresql://u:secret@h/d?sslrootcert=/nowhere.pem': /sslrootcert/,
    'postgresql://u:secret@h/d?sslkey=/nowhere.pem': /sslkey/,
  };
  for (const [url, message] of Object.entries(wrong)) {
    assert.throws(() => readDatabaseUrl(url), (error) => message.test(error.message) && !error.message.includes('secret'), url);
  }
});

test('TLS is used and certificates are checked as each dialect says', () => {
  const authority = file('authority.pem');
  const cases = [
    ['', 'try', false],
    ['sslmode=disable', 'never', undefined],
    ['sslmode=allow', 'try', false],
    ['sslmode=prefer', 'try', false],
    ['sslmode=require', 'always', false],
    ['sslmode=require&sslaccept=accept_invalid_certs', 'always', false],
    ['sslmode=require&sslaccept=strict', 'always', true],
    [`sslmode=require&sslcert=${authority}`, 'always', false],
    [`sslmode=require&sslcert=${authority}&sslaccept=strict`, 'always', true],
    [`sslmode=require&sslrootcert=${authority}`, 'always', true],
    ['sslmode=verify-ca', 'always', true],
    ['sslmode=verify-full', 'always', true],
    ['sslaccept=strict', 'always', true],
  ];
  for (const [query, use, checks] of cases) {
    const { tls } = readDatabaseUrl(`postgresql://u@h/d?${query}`);
    assert.deepEqual([tls.use, tls.options.rejectUnauthorized], [use, checks], query);
  }
});

test('the host name is checked by verify-full and strict, and not by verify-ca', () => {
  const certificate = { subject: { CN: 'other' }, subjectaltname: 'DNS:other' };
  const check = (query) => readDatabaseUrl(`postgresql://u@h/d?${query}`).tls.options.checkServerIdentity('localhost', certificate);
  assert.match(check('sslmode=verify-full').message, /does not match/);
  assert.match(check('sslmode=require&sslaccept=strict').message, /does not match/);
  assert.equal(check('sslmode=verify-ca'), undefined);
});

test('a certificate is an authority for Prisma, and a client certificate beside a key', () => {
  const [certificate, key, identity] = [file('c.pem'), file('k.pem'), file('i.p12')];
  const options = (query) => readDatabaseUrl(`postgresql://u@h/d?sslmode=require&${query}`).tls.options;
  assert.equal(options(`sslcert=${certificate}`).ca.toString(), 'c.pem');
  const client = options(`sslcert=${certificate}&sslkey=${key}&sslrootcert=${certificate}`);
  assert.deepEqual([client.cert.toString(), client.key.toString(), client.ca.toString()], ['c.pem', 'k.pem', 'c.pem']);
  const pkcs = options(`sslidentity=${identity}&sslpassword=x`);
  assert.deepEqual([pkcs.pfx.toString(), pkcs.passphrase], ['i.p12', 'x']);
});

test('the URL comes from the override of the client, else from the environment', () => {
  const datasource = readDatasource(SCHEMA);
  const override = JSON.stringify([{ name: 'client', url: 'postgresql://replica' }]);
  assert.equal(resolveUrl(datasource, { DATABASE_URL: 'postgresql://a' }), 'postgresql://a');
  assert.equal(resolveUrl(datasource, { DATABASE_URL: 'postgresql://a', OVERWRITE_DATASOURCES: override }), 'postgresql://replica');
  assert.equal(resolveUrl(datasource, { OVERWRITE_DATASOURCES: Buffer.from(override).toString('base64') }), 'postgresql://replica');
  assert.throws(() => resolveUrl(datasource, {}), /Environment variable not found: DATABASE_URL/);
});

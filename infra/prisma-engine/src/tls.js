/**
 * TLS parameters of a database URL, in Prisma's and in libpq's dialect.
 *
 * Prisma: `sslcert` is the certificate authority, `sslaccept=strict` checks chain and host name, `sslidentity` with
 * `sslpassword` is a PKCS #12 client identity. libpq: `sslrootcert` is the authority, `sslmode=verify-ca|verify-full`
 * checks, `sslcert` with `sslkey` is the client certificate. LiteLLM writes the first, operators copy the second.
 */
import { readFileSync } from 'node:fs';
import { checkServerIdentity } from 'node:tls';

const MODES = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']);

/**
 * @typedef {object} Tls
 * @property {'never' | 'try' | 'always'} use
 * @property {import('node:tls').ConnectionOptions} options
 */

/**
 * @param {URLSearchParams} parameters
 * @param {string} host whose name a certificate has to carry
 * @returns {Tls}
 * @throws {Error} where a mode is unknown or a file cannot be read
 */
export function readTls(parameters, host) {
  const mode = parameters.get('sslmode') || 'prefer';
  if (!MODES.has(mode)) throw new Error(`sslmode in the database URL must be one of ${[...MODES].join(', ')}`);
  if (mode === 'disable' || host.startsWith('/')) return { use: 'never', options: {} };

  const authority = readAuthority(parameters);
  const check = checksOf(mode, parameters.get('sslaccept'), parameters.has('sslrootcert'));
  return {
    use: check.chain || mode === 'require' ? 'always' : 'try',
    options: {
      ...readIdentity(parameters),
      ca: authority,
      rejectUnauthorized: check.chain,
      // Said in words, because for a socket that is already open Node.js would compare with `localhost`.
      checkServerIdentity: check.host ? (_name, certificate) => checkServerIdentity(host, certificate) : () => undefined,
    },
  };
}

function checksOf(mode, accept, hasAuthority) {
  if (accept !== null && accept !== 'accept_invalid_certs') return { chain: true, host: true };
  if (mode === 'verify-full') return { chain: true, host: true };
  // libpq: an authority makes `require` check the chain, for old times' sake.
  return { chain: mode === 'verify-ca' || (mode === 'require' && hasAuthority), host: false };
}

function readAuthority(parameters) {
  const libpq = parameters.get('sslrootcert');
  if (libpq) return libpq === 'system' ? undefined : read('sslrootcert', libpq);
  const prisma = parameters.get('sslcert');
  return prisma && !parameters.has('sslkey') ? read('sslcert', prisma) : undefined;
}

function readIdentity(parameters) {
  const passphrase = parameters.get('sslpassword') || undefined;
  const identity = parameters.get('sslidentity');
  if (identity) return { pfx: read('sslidentity', identity), passphrase };
  const key = parameters.get('sslkey');
  if (!key) return {};
  const certificate = parameters.get('sslcert');
  if (!certificate) throw new Error('sslkey in the database URL needs sslcert beside it');
  return { key: read('sslkey', key), cert: read('sslcert', certificate), passphrase };
}

function read(parameter, path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${parameter} in the database URL: ${error.message}`, { cause: error });
  }
}

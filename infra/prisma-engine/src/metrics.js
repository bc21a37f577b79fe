/** Counters and gauges under the native engine's names, in its two formats. */

const DESCRIPTIONS = {
  prisma_client_queries_total: 'Total number of Prisma Client queries executed',
  prisma_client_queries_failed_total: 'Total number of Prisma Client queries that failed',
  prisma_pool_connections_open: 'Number of currently open Pool Connections',
  prisma_pool_connections_busy: 'Number of currently busy Pool Connections (executing a datasource query)',
  prisma_pool_connections_idle: 'Number of currently unused Pool Connections (waiting for the next datasource query)',
  prisma_client_queries_wait: 'Number of Prisma Client queries currently waiting for a connection',
};

export class Metrics {
  #pool;
  #queries = 0;
  #failed = 0;

  /** @param {import('./pool.js').Pool} pool */
  constructor(pool) {
    this.#pool = pool;
  }

  /** @param {boolean} failed whether the query that has just ended failed */
  count(failed) {
    this.#queries += 1;
    if (failed) this.#failed += 1;
  }

  /**
   * @param {'json' | 'prometheus'} format
   * @param {Record<string, string>} labels put on every value
   * @returns {object | string}
   */
  write(format, labels) {
    const { open, busy, idle, waiting } = this.#pool.state;
    const counters = { prisma_client_queries_total: this.#queries, prisma_client_queries_failed_total: this.#failed };
    const gauges = {
      prisma_pool_connections_open: open,
      prisma_pool_connections_busy: busy,
      prisma_pool_connections_idle: idle,
      prisma_client_queries_wait: waiting,
    };
    if (format === 'prometheus') return toText('counter', counters, labels) + toText('gauge', gauges, labels);
    return { counters: toList(counters, labels), gauges: toList(gauges, labels), histograms: [] };
  }
}

function toList(values, labels) {
  return Object.entries(values).map(([key, value]) => ({ key, labels, value, description: DESCRIPTIONS[key] }));
}

function toText(kind, values, labels) {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(String(value))}`);
  const suffix = pairs.length > 0 ? `{${pairs.join(',')}}` : '';
  return Object.entries(values)
    .map(([key, value]) => `# HELP ${key} ${DESCRIPTIONS[key]}\n# TYPE ${key} ${kind}\n${key}${suffix} ${value}\n`)
    .join('');
}

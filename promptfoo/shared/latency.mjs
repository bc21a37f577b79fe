// Passes where the `percentile` (95) of the milliseconds measured so far is `maximum` at most: of this case over its
// repeats, or with `scope: suite` of all answers of the provider that are asserted so. Fewer than `least` answers are only
// told; that is, unless told, as many as it takes for the slowest alone to decide nothing: 20 for the 95th percentile.
//
// The last answer therefore judges all of them. Answers from a cache do not count.

import { settingsOf, verdict } from './text.mjs';

const SETTINGS = ['percentile', 'maximum', 'scope', 'least'];

const measured = new Map();

export default function latency(_output, context) {
  const { percentile = 95, maximum, scope = 'case', least } = settingsOf(context, SETTINGS);
  if (!(maximum > 0)) throw new Error('Give config: {maximum: ...} in milliseconds.');
  if (!(percentile > 0 && percentile < 100)) throw new Error(`percentile is above 0 and below 100, not ${percentile}.`);
  if (!['case', 'suite'].includes(scope)) throw new Error(`scope is case or suite, not ${scope}.`);
  const { latencyMs, cached } = context.providerResponse ?? {};
  if (cached || latencyMs === undefined) return verdict(true, 'Answered from a cache, so not measured.');
  const times = remembered(context, scope);
  times.push(latencyMs);
  const reached = nearestRank(times, percentile);
  const told = `${reached} ms is the ${percentile}th percentile of ${times.length}, the limit ${maximum} ms`;
  const enough = least ?? Math.ceil(100 / (100 - percentile));
  if (times.length < enough) return verdict(true, `${told}; it counts from ${enough} answers on.`);
  return verdict(reached <= maximum, `${told}.`);
}

function remembered(context, scope) {
  const provider = context.provider?.label ?? context.provider?.id?.() ?? '';
  const test = scope === 'case' ? (context.test?.description ?? JSON.stringify(context.vars)) : '';
  const key = JSON.stringify([scope, provider, context.prompt ?? '', test].slice(0, scope === 'case' ? 4 : 2));
  if (!measured.has(key)) measured.set(key, []);
  return measured.get(key);
}

/** The nearest-rank percentile: the least value that `percentile` per cent of all values do not exceed. */
export function nearestRank(values, percentile) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)];
}

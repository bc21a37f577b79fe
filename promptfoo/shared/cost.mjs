// Passes where the answer cost `maximum` at most, in the currency of the gateway's prices, and `tokens` at most, both ways.
// A cost that the gateway does not tell fails: a limit that cannot be checked is none.

import { settingsOf, verdict } from './text.mjs';

export default function cost(_output, context) {
  const { maximum, tokens } = settingsOf(context, ['maximum', 'tokens']);
  if (maximum === undefined && tokens === undefined) throw new Error('Give config: {maximum: ...} or {tokens: ...}.');
  const { cost: spent, tokenUsage } = context.providerResponse ?? {};
  const over = [];
  if (maximum !== undefined && !(spent <= maximum)) over.push(`cost ${spent ?? 'unknown'} of ${maximum}`);
  if (tokens !== undefined && !(tokenUsage?.total <= tokens)) over.push(`tokens ${tokenUsage?.total ?? 'unknown'} of ${tokens}`);
  return verdict(!over.length, over.length ? `Over the limit: ${over.join(', ')}.` : `cost ${spent}`);
}

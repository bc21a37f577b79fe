// Passes where a guardrail did what was expected, by the gateway's header: `guardrail` (pii, secrets, ...), `did` (pass,
// report, modify, block), `way` (input unless told), and `code` of the refusal where it blocked.

import { settingsOf, verdict } from './text.mjs';

const SETTINGS = ['guardrail', 'did', 'way', 'code'];

export default function guardrail(_output, context) {
  const { guardrail: name, did, way = 'input', code } = settingsOf(context, SETTINGS);
  if (!name || !did) throw new Error('Give config: {guardrail: ..., did: ...}.');
  const { guardrail: header, code: refused } = context.providerResponse?.metadata ?? {};
  if (header === undefined) return verdict(false, 'The answer has no header x-inferspect-guardrails.');
  const found = verdicts(header).find((given) => given.guardrail === name && given.way === way);
  if (!found) return verdict(false, `${name} did not look at the ${way}.`);
  if (found.did !== did) return verdict(false, `${name} did ${found.did} with the ${way}, not ${did}.`);
  if (code !== undefined && refused !== code) return verdict(false, `The code is ${refused ?? 'none'}, not ${code}.`);
  return verdict(true, `${name} did ${did} with the ${way}.`);
}

/** `pii;way=input;did=modify;found=2, ...` as objects. */
function verdicts(header) {
  return header.split(',').map((part) => {
    const [name, ...pairs] = part.trim().split(';');
    return { guardrail: name, ...Object.fromEntries(pairs.map((pair) => pair.split('='))) };
  });
}

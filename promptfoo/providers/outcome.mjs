// What an answer of the gateway means to Promptfoo: an output, a block, or an error.

// What a guardrail says of content. A block is what some cases ask for, so it is an outcome and no error.
const BLOCKS = new Set([
  'pii_blocked',
  'secret_blocked',
  'content_blocked',
  'prompt_injection_blocked',
  'content_policy_violation',
]);
const LONGEST_MESSAGE = 500;
const LIKE_A_KEY = /\b(?:sk|pk|rk)-[\w-]{6,}/g;

/** Promptfoo's response for an `Answer`; `refusals` are further codes that the suite expects as blocks. */
export function outcomeOf(answer, endpoint, { key, refusals = [] }) {
  const shared = { latencyMs: answer.milliseconds, metadata: metadataOf(answer), ...costOf(answer) };
  if (answer.ok) return { ...shared, ...contentOf(answer, endpoint) };
  const { code, message } = errorOf(answer);
  const told = withoutKeys(message, key);
  if (!BLOCKS.has(code) && !refusals.includes(code)) {
    return { ...shared, error: `${answer.status}${code ? ` ${code}` : ''}: ${told}` };
  }
  shared.metadata.code = code;
  return {
    ...shared,
    output: `The gateway refused this (${code}): ${told}`,
    guardrails: { flagged: true, ...waysOf(shared.metadata.guardrail), reason: `${code}: ${told}` },
  };
}

function contentOf(answer, endpoint) {
  const { body } = answer;
  if (body === null || typeof body !== 'object') return { error: 'The gateway answered with something else than JSON.' };
  const finish = endpoint.finish(body);
  const filtered = finish === 'content_filter';
  const output = endpoint.output(body) ?? (filtered ? '' : undefined);
  if (output === undefined || finish === 'failed') {
    return { error: `The answer holds no content${finish ? ` (it ended with ${finish})` : ''}.` };
  }
  return {
    output,
    finishReason: finish,
    tokenUsage: body.usage ? endpoint.usage(body.usage) : undefined,
    guardrails: filtered ? { flagged: true, flaggedOutput: true, reason: finish } : { flagged: false },
  };
}

function metadataOf(answer) {
  const { headers, body } = answer;
  const cached = headers.get('x-litellm-cache-key') !== null;
  return {
    requestId: headers.get('x-request-id') ?? undefined,
    guardrail: headers.get('x-inferspect-guardrails') ?? undefined,
    model: headers.get('x-litellm-model-group') ?? body?.model,
    deployment: headers.get('x-litellm-model-id') ?? undefined,
    fallbacks: Number(headers.get('x-litellm-attempted-fallbacks') ?? 0),
    cached,
  };
}

function costOf(answer) {
  const cached = answer.headers.get('x-litellm-cache-key') !== null;
  const told = answer.headers.get('x-litellm-response-cost');
  const cost = told === null || told === '' ? undefined : Number(told);
  return { cached, cost: cached ? 0 : Number.isFinite(cost) ? cost : undefined };
}

/** The shapes of errors of OpenAI's API and of LiteLLM; else the text itself. */
function errorOf(answer) {
  const error = answer.body?.error ?? answer.body?.detail?.error ?? answer.body?.detail;
  const message = typeof error === 'string' ? error : (error?.message ?? answer.text);
  return { code: typeof error?.code === 'string' ? error.code : undefined, message: String(message) };
}

function waysOf(header = '') {
  const blocks = header.split(',').filter((verdict) => verdict.includes('did=block') && !verdict.includes('dry-run'));
  return {
    flaggedInput: blocks.some((verdict) => verdict.includes('way=input')),
    flaggedOutput: blocks.some((verdict) => verdict.includes('way=output')),
  };
}

/** `text` without `key` and without whatever else looks like one, then shortened. */
export function withoutKeys(text, key) {
  const clean = (key ? text.replaceAll(key, '[key]') : text).replace(LIKE_A_KEY, '[key]');
  return clean.length > LONGEST_MESSAGE ? `${clean.slice(0, LONGEST_MESSAGE).toWellFormed()}…` : clean;
}

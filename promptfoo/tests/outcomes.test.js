import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask, gateway, KEY, refusal } from './gateway-double.js';

test('an answer comes with its usage, cost and what the headers tell', async () => {
  gateway.answers = [
    {
      headers: {
        'x-request-id': 'r-1',
        'x-litellm-response-cost': '0.00002',
        'x-litellm-model-group': 'demo',
        'x-litellm-model-id': 'demo-2',
        'x-inferspect-guardrails': 'pii;way=input;did=pass;found=0;ms=0.1',
      },
    },
  ];
  const outcome = await ask();
  assert.equal(outcome.output, 'Good day');
  assert.equal(outcome.error, undefined);
  assert.deepEqual(outcome.tokenUsage, { total: 9, prompt: 7, completion: 2, numRequests: 1 });
  assert.equal(outcome.cost, 0.00002);
  assert.equal(outcome.cached, false);
  assert.ok(outcome.latencyMs >= 0);
  assert.deepEqual(outcome.metadata, {
    requestId: 'r-1',
    guardrail: 'pii;way=input;did=pass;found=0;ms=0.1',
    model: 'demo',
    deployment: 'demo-2',
    fallbacks: 0,
    cached: false,
  });
});

test('a cached answer costs nothing', async () => {
  gateway.answers = [{ headers: { 'x-litellm-cache-key': 'abc', 'x-litellm-response-cost': '0.5' } }];
  const { cached, cost, metadata } = await ask();
  assert.deepEqual([cached, cost, metadata.cached], [true, 0, true]);
});

test('a cost that is not told stays unknown', async () => {
  assert.equal((await ask()).cost, undefined);
});

for (const code of ['pii_blocked', 'secret_blocked', 'content_blocked', 'prompt_injection_blocked']) {
  test(`${code} is a block and no error`, async () => {
    const headers = { 'x-inferspect-guardrails': 'pii;way=input;did=block;found=1;ms=0.1' };
    gateway.answers = [{ ...refusal(code, 'It holds CREDIT_CARD.'), headers }];
    const outcome = await ask();
    assert.equal(outcome.error, undefined);
    assert.equal(outcome.metadata.code, code);
    assert.deepEqual(outcome.guardrails, {
      flagged: true,
      flaggedInput: true,
      flaggedOutput: false,
      reason: `${code}: It holds CREDIT_CARD.`,
    });
    assert.match(outcome.output, new RegExp(code));
  });
}

test('what the tenant\'s rules refuse is an error, and a block where the suite expects it', async () => {
  gateway.answers = [refusal('model_not_allowed', 'Not this one.', 403)];
  const unexpected = await ask();
  assert.equal(unexpected.error, '403 model_not_allowed: Not this one.');
  assert.equal(unexpected.output, undefined);
  const expected = await ask({ refusals: ['model_not_allowed'] });
  assert.equal(expected.error, undefined);
  assert.equal(expected.guardrails.flagged, true);
});

for (const content of ['', null, undefined]) {
  test(`an answer that the provider filtered is flagged: ${content}`, async () => {
    gateway.answers = [{ body: { choices: [{ message: { content }, finish_reason: 'content_filter' }] } }];
    const { output, error, guardrails } = await ask();
    assert.deepEqual([output, error, guardrails.flaggedOutput], ['', undefined, true]);
  });
}

test('a model that declines has answered', async () => {
  gateway.answers = [{ body: { choices: [{ message: { content: null, refusal: 'No.' }, finish_reason: 'stop' }] } }];
  assert.equal((await ask()).output, 'No.');
});

const part = [{ type: 'message', content: [{ type: 'output_text', text: 'You ' }] }];
const nothing = [
  ['failed', { status: 'failed', error: { message: 'Busy.' }, output: [] }, 'failed'],
  ['failed in its midst', { status: 'failed', output: part }, 'failed'],
  ['was only thought about', { incomplete_details: { reason: 'max_output_tokens' }, output: [{ type: 'reasoning' }] }, 'max_output_tokens'],
];
for (const [name, body, finish] of nothing) {
  test(`a response that ${name} is an error, whatever may stand in no answer`, async () => {
    gateway.answers = [{ body }];
    const { error, output } = await ask({ endpoint: 'responses' });
    assert.deepEqual([error, output], [`The answer holds no content (it ended with ${finish}).`, undefined]);
  });
}

const failures = [
  ['a provider that is away', refusal('provider_unavailable', 'No route.', 502), '502 provider_unavailable: No route.'],
  ['a wrong key', refusal('invalid_api_key', 'Unknown key.', 401), '401 invalid_api_key: Unknown key.'],
  ['a page of a proxy', { status: 504, body: '<h1>Gateway Time-out</h1>' }, '504: <h1>Gateway Time-out</h1>'],
  ['an answer that is no JSON', { body: 'Hello' }, 'The gateway answered with something else than JSON.'],
  ['an answer without content', { body: { choices: [] } }, 'The answer holds no content.'],
];
for (const [name, answer, told] of failures) {
  test(`${name} is an error`, async () => {
    gateway.answers = [answer];
    const { error, output, guardrails } = await ask();
    assert.deepEqual([error, output, guardrails], [told, undefined, undefined]);
  });
}

test('no error holds a key', async () => {
  gateway.answers = [refusal('invalid_api_key', `Key ${KEY} and the provider's sk-proj-abcdefgh are unknown.`, 401)];
  const outcome = await ask();
  assert.equal(outcome.error, "401 invalid_api_key: Key [key] and the provider's [key] are unknown.");
  assert.ok(!JSON.stringify(outcome).includes(KEY));
});

test('no part of a key or of a character is left where a message is cut', async () => {
  process.env.EVAL_KEY = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9';
  for (const before of [470, 480, 490, 499]) {
    gateway.answers = [refusal('internal_error', `${'x'.repeat(before)}${process.env.EVAL_KEY}`, 500)];
    gateway.requests = [];
    assert.doesNotMatch((await ask()).error, /eyJ/);
  }
  gateway.answers = [refusal('internal_error', `${'x'.repeat(499)}😀`, 500)];
  gateway.requests = [];
  assert.ok((await ask()).error.isWellFormed());
});

test('a limit that is soon over is waited for, twice at most', async () => {
  const limited = { ...refusal('rate_limit_exceeded', 'Slow down.', 429), headers: { 'retry-after': '0.01' } };
  gateway.answers = [limited, limited, {}];
  assert.equal((await ask()).output, 'Good day');
  gateway.answers = [limited];
  gateway.requests = [];
  assert.match((await ask()).error, /^429 rate_limit_exceeded/);
  assert.equal(gateway.requests.length, 3);
});

test('a limit that lasts is told at once', async () => {
  gateway.answers = [{ ...refusal('rate_limit_exceeded', 'Come back in an hour.', 429), headers: { 'retry-after': '3600' } }];
  assert.match((await ask()).error, /Come back in an hour/);
  assert.equal(gateway.requests.length, 1);
});

test('other errors are not tried again', async () => {
  gateway.answers = [refusal('internal_error', 'Failed.', 500)];
  await ask();
  assert.equal(gateway.requests.length, 1);
});

test('an answer that does not come ends with the timeout', async () => {
  gateway.answers = [{ hang: true }];
  assert.equal((await ask({ timeout: 1 })).error, 'The gateway gave no answer within 1 s.');
  assert.equal(gateway.requests.length, 1);
});

test('Promptfoo can give a request up', async () => {
  gateway.answers = [{ hang: true }];
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(), 20);
  assert.equal((await ask({}, { signal: giveUp.signal })).error, 'The request was given up.');
});

test('a gateway that is not there is an error after the patience, told with its address', async () => {
  await new Promise((resolve) => gateway.server.close(resolve));
  process.env.EVAL_WAIT = '0.1';
  assert.equal((await ask()).error, `The gateway at ${process.env.EVAL_URL} is not ready after 0.1 s: ECONNREFUSED.`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import GatewayProvider from '../providers/gateway.mjs';
import { ask, gateway, KEY } from './gateway-double.js';

test('the key and the address come from the environment alone', async () => {
  await ask();
  assert.equal(gateway.requests[0].headers.authorization, `Bearer ${KEY}`);
  delete process.env.EVAL_KEY;
  assert.match((await ask()).error, /^EVAL_KEY is not set/);
  assert.throws(() => new GatewayProvider({ config: { key: KEY } }), /no setting key/);
});

test('an address with /v1 is the same gateway', async () => {
  process.env.EVAL_URL += '/v1/';
  assert.equal((await ask()).output, 'Good day');
  assert.equal(gateway.requests[0].path, '/v1/chat/completions');
});

test('messages of a prompt are sent as they are', async () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Yes?' },
    { role: 'user', content: '["not", "messages"]' },
  ];
  await ask({}, { prompt: JSON.stringify(messages) });
  await ask({}, { prompt: '["not", "messages"]' });
  assert.deepEqual(gateway.requests[0].body.messages, messages);
  assert.deepEqual(gateway.requests[1].body.messages, [{ role: 'user', content: '["not", "messages"]' }]);
});

const models = [
  ['the setting of the provider', { model: 'own' }, { EVAL_MODEL: 'tested' }, 'own'],
  ['the variable that the provider names', { modelVariable: 'EVAL_BASELINE_MODEL', model: 'own' }, { EVAL_BASELINE_MODEL: 'old' }, 'old'],
  ['the setting where that variable is not set', { modelVariable: 'EVAL_BASELINE_MODEL', model: 'own' }, {}, 'own'],
  ['the model under test before the prompt\'s', {}, { EVAL_MODEL: 'tested' }, 'tested'],
  ['the model of the prompt', {}, {}, 'prompted'],
];
for (const [name, config, environment, model] of models) {
  test(`the model is ${name}`, async () => {
    Object.assign(process.env, environment);
    await ask(config, { asked: { name: 'greeting', version: 2, model: 'prompted' } });
    assert.equal(gateway.requests[0].body.model, model);
  });
}

test('parameters are the prompt\'s and the provider\'s over them, and the prompt is named', async () => {
  const asked = { name: 'greeting', version: 2, parameters: { temperature: 0, max_tokens: 5 } };
  const { metadata } = await ask({ parameters: { temperature: 1 } }, { asked });
  assert.equal(gateway.requests[0].body.temperature, 1);
  assert.equal(gateway.requests[0].body.max_tokens, 5);
  assert.equal(metadata.prompt, 'greeting@2');
  await assert.rejects(ask({ parameters: { model: 'other' } }), /may not hold model/);
});

test('tool calls are the output', async () => {
  const calls = [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }];
  gateway.answers = [{ body: { choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }] } }];
  assert.deepEqual((await ask()).output, calls);
});

test('responses are asked in their own words', async () => {
  gateway.answers = [
    {
      body: {
        status: 'completed',
        output: [{ type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text', text: 'Good day' }] }],
        usage: { input_tokens: 3, output_tokens: 4 },
      },
    },
  ];
  const outcome = await ask({ endpoint: 'responses', parameters: { max_tokens: 9 } });
  assert.equal(outcome.output, 'Good day');
  assert.equal(outcome.tokenUsage.total, 7);
  assert.equal(gateway.requests[0].path, '/v1/responses');
  assert.deepEqual(gateway.requests[0].body, { max_output_tokens: 9, model: 'demo', input: [{ role: 'user', content: 'Hello' }] });
});

test('embeddings serve assertions that compare meanings', async () => {
  gateway.answers = [{ body: { data: [{ embedding: [0.6, 0.8] }], usage: { prompt_tokens: 2 } } }];
  const provider = new GatewayProvider({ config: { endpoint: 'embeddings', model: 'demo-embedding' } });
  const outcome = await provider.callEmbeddingApi('Hello');
  assert.deepEqual(outcome.embedding, [0.6, 0.8]);
  assert.deepEqual(gateway.requests[0].body, { model: 'demo-embedding', input: 'Hello' });
});

test('an endpoint that there is not is named at once', () => {
  assert.throws(() => new GatewayProvider({ config: { endpoint: 'chats' } }), /chat, responses, embeddings, not chats/);
});

// A gateway for tests of the provider: it gives the answers that a test sets, and keeps what it was asked.

import { createServer } from 'node:http';
import { afterEach, beforeEach } from 'node:test';

import GatewayProvider from '../providers/gateway.mjs';

export const KEY = 'sk-made-up-for-this-test';
const CHAT = {
  model: 'demo-1',
  choices: [{ message: { content: 'Good day' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 2 },
};

/** `requests` are those received; `answers` are given in their order, the last of them for ever. */
export const gateway = { requests: [], answers: [], server: undefined };

beforeEach(async () => {
  gateway.requests = [];
  gateway.answers = [];
  gateway.server = createServer(respond);
  await new Promise((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, { EVAL_URL: `http://127.0.0.1:${gateway.server.address().port}`, EVAL_KEY: KEY });
  for (const name of ['EVAL_MODEL', 'EVAL_BASELINE_MODEL', 'EVAL_WAIT', 'EVAL_TIMEOUT']) delete process.env[name];
});

afterEach(() => {
  gateway.server.closeAllConnections();
  gateway.server.close();
});

async function respond(request, response) {
  if (request.url === '/health/liveliness') return response.end('{}');
  let text = '';
  for await (const part of request) text += part;
  gateway.requests.push({ path: request.url, headers: request.headers, body: JSON.parse(text) });
  const answer = gateway.answers[gateway.requests.length - 1] ?? gateway.answers.at(-1) ?? {};
  const { status = 200, headers = {}, body = CHAT, hang } = answer;
  if (hang) return undefined;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  return response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What the provider makes of one request with the settings `config`. */
export function ask(config = {}, { prompt = 'Hello', asked, signal } = {}) {
  const provider = new GatewayProvider({ config });
  return provider.callApi(prompt, { prompt: { config: asked } }, { abortSignal: signal });
}

/** An answer that refuses, in the gateway's shape. */
export function refusal(code, message, status = 400) {
  return { status, body: { error: { message, type: 'invalid_request_error', code } } };
}

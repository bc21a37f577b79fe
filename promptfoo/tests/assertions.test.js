import assert from 'node:assert/strict';
import { test } from 'node:test';

import cost from '../shared/cost.mjs';
import grounded from '../shared/grounded.mjs';
import guardrail from '../shared/guardrail.mjs';
import latency, { nearestRank } from '../shared/latency.mjs';
import noPersonalData from '../shared/no-personal-data.mjs';

const personal = [
  ['an e-mail address', 'Write to jane.doe@example.com.', 'email'],
  ['a card', 'Card 5555 5555 5555 4444', 'card'],
  ['a card with dashes', '5555-5555-5555-4444', 'card'],
  ['an IBAN', 'DE89 3704 0044 0532 0130 00', 'iban'],
  ['an IBAN without spaces', 'to DE89370400440532013000.', 'iban'],
  ['an international phone number', 'call +84 912 345 678', 'phone'],
  ['a Vietnamese phone number', 'gọi 0912.345.678 nhé', 'phone'],
  ['an American phone number', '(415) 555-0132', 'phone'],
  ['a CCCD', 'CCCD 079203001234', 'cccd'],
  ['a CCCD in groups', '079 203 001 234', 'cccd'],
];
for (const [name, output, kind] of personal) {
  test(`${name} is found`, () => {
    const { pass, reason } = noPersonalData(output, {});
    assert.equal(pass, false);
    assert.match(reason, new RegExp(kind));
    assert.ok(!reason.includes(output));
  });
}

const harmless = [
  'The order 5555 5555 5555 4445 has no check digit that fits.',
  'It costs 1.250.000 đồng, or 2,230,000.50 dollars.',
  'On 2026-11-30 at 10:15:00, version 1.22.333.4444.',
  'A placeholder: <EMAIL_ADDRESS>, and @home.',
  'Hotline 1900 9999.',
  'The number 123456789012 is no CCCD.',
  'DE00 3704 0044 0532 0130 00 is no IBAN.',
];
for (const output of harmless) {
  test(`nothing is found in: ${output}`, () => assert.equal(noPersonalData(output, {}).pass, true));
}

test('a planted value is found however it is written', () => {
  const context = { config: { kinds: [], planted: ['Jane Doe', '912 345 678'] } };
  for (const output of ['JANE-DOE', 'jane  doe', '+84912345678', { name: 'Jane Doe' }]) {
    assert.equal(noPersonalData(output, context).pass, false, JSON.stringify(output));
  }
  assert.equal(noPersonalData('Jane', context).pass, true);
});

test('values that are public and kinds that do not matter are let through', () => {
  assert.equal(noPersonalData('ask@example.com', { config: { allow: ['ask@example.com'] } }).pass, true);
  assert.equal(noPersonalData('ask@example.com', { config: { kinds: ['card'] } }).pass, true);
  assert.throws(() => noPersonalData('', { config: { kinds: ['name'] } }), /not name/);
  assert.throws(() => noPersonalData('', { config: { kind: ['card'] } }), /no setting kind/);
});

test('a hostile output takes no time', () => {
  for (const piece of ['a.', '0 ', '1-', 'DE89 ', '(', '@a.']) noPersonalData(piece.repeat(50_000), {});
});

const VARS = { context: 'Employees have 28 days of paid leave a year.', question: 'How much leave do I have?' };
const sentences = [
  ['what stands there', 'You have 28 days of paid leave [1].', true],
  ['another number', 'You have 30 days of paid leave.', false],
  ['another fact', 'Bicycles are subsidised generously everywhere.', false],
  ['one of two sentences', 'You have 28 days of leave. Bicycles are subsidised generously.', false],
  ['a courtesy', 'Gladly!', true],
  ['an allowed phrase', 'The documents do not say.', true],
];
for (const [name, output, pass] of sentences) {
  test(`grounded: ${name} ${pass ? 'passes' : 'fails'}`, () => {
    assert.equal(grounded(output, { vars: VARS, config: { allow: ['do not say'] } }).pass, pass);
  });
}

test('grounded tells the sentence, the share, and a case without documents', () => {
  const verdict = grounded('You have 28 days of leave. It snows in July.', { vars: VARS });
  assert.deepEqual([verdict.score, verdict.reason], [0.5, 'Not in the documents: "It snows in July."']);
  assert.equal(grounded('You have 28 days of leave. It snows in July.', { vars: VARS, config: { sentences: 0.5 } }).pass, true);
  assert.throws(() => grounded('Yes.', { vars: {} }), /no variable context/);
});

test('numbers are the same with and without separators', () => {
  const vars = { context: 'The premium is 1,200 euros.' };
  assert.equal(grounded('The premium is 1200 euros.', { vars }).pass, true);
  assert.equal(grounded('The premium is 12.00 euros.', { vars }).pass, false);
});

test('a cost is limited, and one that is unknown fails', () => {
  const spent = (providerResponse, config) => cost('', { providerResponse, config }).pass;
  assert.equal(spent({ cost: 0.01 }, { maximum: 0.01 }), true);
  assert.equal(spent({ cost: 0.02 }, { maximum: 0.01 }), false);
  assert.equal(spent({}, { maximum: 0.01 }), false);
  assert.equal(spent({ tokenUsage: { total: 9 } }, { tokens: 8 }), false);
  assert.throws(() => spent({ cost: 1 }, {}), /Give config/);
});

function timed(milliseconds, { description = 'case', cached = false, ...config }) {
  const context = {
    config: { maximum: 100, ...config },
    provider: { label: 'gateway' },
    prompt: 'p',
    test: { description },
    providerResponse: { latencyMs: milliseconds, cached },
  };
  return latency('', context).pass;
}

test('one slow answer of many fails nothing, many do', () => {
  const settings = { description: 'outlier', percentile: 80 };
  assert.deepEqual([900, 10, 10, 10, 10].map((time) => timed(time, settings)), [true, true, true, true, true]);
  assert.equal(timed(900, settings), false);
});

test('too few answers only tell, and cached ones do not count', () => {
  assert.equal(timed(900, { description: 'few', least: 2 }), true);
  assert.equal(timed(900, { description: 'few', least: 2, cached: true }), true);
  assert.equal(timed(900, { description: 'few', least: 2 }), false);
});

test('with the scope of the suite all its cases count together', () => {
  const settings = { scope: 'suite', least: 2, percentile: 50 };
  assert.equal(timed(900, { ...settings, description: 'one' }), true);
  assert.equal(timed(900, { ...settings, description: 'two' }), false);
  assert.throws(() => timed(1, { scope: 'all' }), /case or suite/);
});

test('the percentile is the nearest rank', () => {
  assert.deepEqual([1, 20, 50, 95, 100].map((percent) => nearestRank([15, 20, 35, 40, 50], percent)), [15, 15, 35, 50, 50]);
});

test('a guardrail is judged by what it did', () => {
  const header = 'pii;way=input;did=modify;found=2;ms=0.4, secrets;way=input;did=block;found=1;ms=0.4;dry-run';
  const context = (config) => ({ config, providerResponse: { metadata: { guardrail: header, code: 'secret_blocked' } } });
  assert.equal(guardrail('', context({ guardrail: 'pii', did: 'modify' })).pass, true);
  assert.equal(guardrail('', context({ guardrail: 'pii', did: 'pass' })).pass, false);
  assert.equal(guardrail('', context({ guardrail: 'pii', did: 'modify', way: 'output' })).pass, false);
  assert.equal(guardrail('', context({ guardrail: 'secrets', did: 'block', code: 'pii_blocked' })).pass, false);
  assert.equal(guardrail('', { config: { guardrail: 'pii', did: 'pass' } }).pass, false);
});

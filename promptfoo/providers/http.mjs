// Requests to the gateway: one wait until it answers, few and quick retries, and an end to every one of them.

import { setTimeout as sleep } from 'node:timers/promises';

const RETRIES = 2;
const RETRIED = new Set([429, 503]);
const LONGEST_PAUSE = 5; // seconds; a server that asks for more is told as an error instead of being waited for
const HEALTH = '/health/liveliness';
const POLL = 250; // milliseconds

/** What came back: `status`, `headers`, the `body` as JSON where it is JSON, and the milliseconds of the last try. */
export class Answer {
  constructor(status, headers, text, milliseconds) {
    this.status = status;
    this.headers = headers;
    this.text = text;
    this.milliseconds = milliseconds;
    this.body = parsed(text);
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }
}

/** The gateway could not be asked, or gave no answer; the message is for people and holds no key. */
export class Unanswered extends Error {}

/** Posts JSON and returns the `Answer`. Throws `Unanswered` where none came within `timeout` seconds. */
export async function post(url, { key, body, headers = {}, timeout, signal }) {
  for (let tries = 0; ; tries += 1) {
    const answer = await once(url, { key, body, headers, timeout, signal }).catch((error) => error);
    const failed = answer instanceof Error;
    const pause = failed ? shortPause(tries) : pauseOf(answer, tries);
    const again = failed ? answer.retried : RETRIED.has(answer.status) && pause <= LONGEST_PAUSE;
    if (tries === RETRIES || !again || signal?.aborted) {
      if (failed) throw answer;
      return answer;
    }
    await sleep(pause * 1000);
  }
}

async function once(url, { key, body, headers, timeout, signal }) {
  const limit = AbortSignal.timeout(timeout * 1000);
  const started = performance.now();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      redirect: 'error', // the key is for this address alone
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    const text = await response.text();
    return new Answer(response.status, response.headers, text, Math.round(performance.now() - started));
  } catch (error) {
    if (limit.aborted) throw new Unanswered(`The gateway gave no answer within ${timeout} s.`, { cause: error });
    if (signal?.aborted) throw new Unanswered('The request was given up.', { cause: error });
    const unanswered = new Unanswered(`The gateway cannot be reached: ${reason(error)}.`, { cause: error });
    unanswered.retried = true;
    throw unanswered;
  }
}

/** Node says "fetch failed"; what failed stands in the cause, or in the causes of several addresses. */
function reason(error) {
  const cause = error.cause?.errors?.[0] ?? error.cause ?? error;
  return cause.code ?? cause.message ?? String(cause);
}

function pauseOf(answer, tries) {
  const asked = Number(answer.headers.get('retry-after'));
  return Number.isFinite(asked) && asked > 0 ? asked : shortPause(tries);
}

function shortPause(tries) {
  return 0.2 * 2 ** tries;
}

const waits = new Map();

/** Waits once for each address until something answers there. Throws `Unanswered` after `patience` seconds. */
export function untilHealthy(url, patience) {
  if (!waits.has(url)) waits.set(url, poll(url, patience));
  return waits.get(url);
}

async function poll(url, patience) {
  const end = performance.now() + patience * 1000;
  for (;;) {
    const seen = await fetch(url + HEALTH, { signal: AbortSignal.timeout(5_000), redirect: 'manual' }).catch(
      (error) => error,
    );
    if (!(seen instanceof Error)) {
      await seen.body?.cancel();
      if (seen.status < 500) return;
    }
    if (performance.now() >= end) {
      const why = seen instanceof Error ? reason(seen) : `status ${seen.status}`;
      throw new Unanswered(`The gateway at ${url} is not ready after ${patience} s: ${why}.`);
    }
    await sleep(POLL);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

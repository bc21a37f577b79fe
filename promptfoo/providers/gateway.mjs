// Promptfoo's provider for the gateway: every suite asks through it. docs/evaluation/suites.md describes its settings.

import { ENDPOINTS } from './endpoints.mjs';
import { post, Unanswered, untilHealthy } from './http.mjs';
import { outcomeOf, withoutKeys } from './outcome.mjs';

const SETTINGS = new Set([
  'basePath', // Promptfoo's own
  'endpoint',
  'headers',
  'model',
  'modelVariable',
  'parameters',
  'refusals',
  'timeout',
]);
const TIMEOUT = 120; // seconds
const PATIENCE = 30; // seconds
const OWNED = ['messages', 'input', 'model', 'stream'];

export default class GatewayProvider {
  constructor(options = {}) {
    this.config = options.config ?? {};
    this.label = options.label;
    const unknown = Object.keys(this.config).filter((name) => !SETTINGS.has(name));
    if (unknown.length) throw new Error(`The gateway provider has no setting ${unknown.join(', ')}.`);
    this.config = { ...this.config, maxRetries: 0 }; // tried again here, so not by Promptfoo, which would for minutes
    this.endpoint = ENDPOINTS[this.config.endpoint ?? 'chat'];
    if (!this.endpoint) {
      throw new Error(`endpoint is one of ${Object.keys(ENDPOINTS).join(', ')}, not ${this.config.endpoint}.`);
    }
  }

  id() {
    return `inferspect:${this.config.endpoint ?? 'chat'}`;
  }

  async callApi(prompt, context = {}, options = {}) {
    const asked = context.prompt?.config ?? {};
    const outcome = await this.ask(prompt, asked, options.abortSignal);
    if (asked.name && outcome.metadata) outcome.metadata.prompt = `${asked.name}@${asked.version}`;
    return outcome;
  }

  /** For assertions that compare meanings, such as `similar`. */
  async callEmbeddingApi(text) {
    const { output, ...outcome } = await this.ask(text, {});
    return { ...outcome, embedding: output };
  }

  async ask(prompt, asked, signal) {
    const { EVAL_URL: given, EVAL_KEY: key, EVAL_WAIT, EVAL_TIMEOUT } = process.env;
    const missing = ['EVAL_URL', 'EVAL_KEY'].filter((name) => !process.env[name]);
    if (missing.length) {
      return { error: `${missing.join(' and ')} is not set: \`inferspect eval run\` sets it, or set it yourself.` };
    }
    const url = given.replace(/\/+$/, '').replace(/\/v1$/, '');
    try {
      await untilHealthy(url, seconds(EVAL_WAIT, PATIENCE));
      const answer = await post(url + this.endpoint.path, {
        key,
        body: this.endpoint.body(this.modelFor(asked), prompt, this.parametersFor(asked)),
        headers: this.config.headers,
        timeout: this.config.timeout ?? seconds(EVAL_TIMEOUT, TIMEOUT),
        signal,
      });
      return outcomeOf(answer, this.endpoint, { key, refusals: this.config.refusals });
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return { error: withoutKeys(error.message, key) };
    }
  }

  modelFor(asked) {
    const named = this.config.modelVariable && process.env[this.config.modelVariable];
    return named || this.config.model || process.env.EVAL_MODEL || asked.model || 'demo';
  }

  parametersFor(asked) {
    const parameters = { ...asked.parameters, ...this.config.parameters };
    const owned = OWNED.filter((name) => name in parameters);
    if (owned.length) throw new Error(`parameters may not hold ${owned.join(', ')}.`);
    return parameters;
  }
}

function seconds(text, usual) {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : usual;
}

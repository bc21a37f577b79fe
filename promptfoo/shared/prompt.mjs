// A prompt of promptfoo/prompts as Promptfoo takes it: `config: {name, version}`, the newest where no version is given.

import { load } from './prompt-file.mjs';
import { render } from './render.mjs';

const ROLES = new Set(['user', 'assistant', 'system', 'tool']);

/** The messages of the file, filled in, and after them those of the case: its variable `messages`, where there is one. */
export default function prompt({ vars, config }) {
  const { name, version, messages, model, parameters } = load(config?.name, config?.version);
  const filled = messages.map(({ role, content }) => ({ role, content: render(content, vars) }));
  const all = [...filled, ...messagesOf(vars)].map(keepText);
  return { prompt: all, config: { name, version, model, parameters } };
}

function messagesOf(vars) {
  const { messages } = vars;
  if (messages === undefined) return [];
  if (!Array.isArray(messages) || !messages.every((message) => ROLES.has(message?.role))) {
    throw new Error(`messages is a list of messages, each with a role of ${[...ROLES].join(', ')}.`);
  }
  return messages;
}

// Promptfoo renders what a prompt function returns once more. What looks like a template by now is a value, and stays.
function keepText(message) {
  return deep(message, (text) => text.replace(/\{(?=[{%#])|#(?=\})/g, '{{ "$&" }}'));
}

function deep(value, change) {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => deep(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, change)]));
}

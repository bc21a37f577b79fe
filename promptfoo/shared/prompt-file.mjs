// Reads promptfoo/prompts/<name>/v<N>.md; docs/prompts.md defines the format, `inferspect prompts check` checks all of it.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { load as readYaml } from 'js-yaml';

// Suites that lie elsewhere have prompts of their own.
const FOLDER = process.env.EVAL_PROMPTS
  ? `${process.env.EVAL_PROMPTS}/`
  : fileURLToPath(new URL('../prompts/', import.meta.url));
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const FILE = /^v([1-9]\d*)\.md$/;
const PARTS = /^---\r?\n(?<head>[\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)(?<body>[\s\S]*)$/;
const HEADING = /^# (system|user|assistant)[ \t]*$/;

/** The prompt `name` in its `version`, or its newest: `name`, `version`, `model`, `parameters`, `messages`. */
export function load(name, version) {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new Error('A prompt needs `config: {name: ...}`, the name of a folder of promptfoo/prompts.');
  }
  const chosen = version ?? newest(name);
  return parse(readFileSync(`${FOLDER}${name}/v${chosen}.md`, 'utf8'), name, chosen);
}

function newest(name) {
  const numbers = readdirSync(FOLDER + name).flatMap((file) => FILE.exec(file)?.slice(1).map(Number) ?? []);
  if (!numbers.length) throw new Error(`promptfoo/prompts/${name} has no version: a file such as v1.md.`);
  return Math.max(...numbers);
}

/** A prompt from the text of its file. Throws where the front matter or the messages are not as they must be. */
export function parse(text, name, version) {
  const place = `promptfoo/prompts/${name}/v${version}.md`;
  const parts = PARTS.exec(text.replace(/^\ufeff/, ''))?.groups;
  if (!parts) throw new Error(`${place} does not begin with front matter between two lines of ---.`);
  const head = readYaml(parts.head) ?? {};
  if (head.name !== name || head.version !== version) {
    throw new Error(`${place} says it is ${head.name} in version ${head.version}.`);
  }
  return { name, version, model: head.model, parameters: head.parameters ?? {}, messages: messagesOf(parts.body, place) };
}

/** Splits before anything is filled in, so that no variable's value can make a message. */
function messagesOf(body, place) {
  const messages = [];
  for (const line of body.split(/\r?\n/)) {
    const role = HEADING.exec(line)?.[1];
    if (role) messages.push({ role, lines: [] });
    else if (messages.length) messages.at(-1).lines.push(line);
    else if (line.trim()) throw new Error(`${place} has text before its first heading: # system, # user or # assistant.`);
  }
  if (!messages.length) throw new Error(`${place} has no message: a heading # system, # user or # assistant.`);
  return messages.map(({ role, lines }) => ({ role, content: lines.join('\n').trim() }));
}

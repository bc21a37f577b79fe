// What assertions share: the output as text, words, and the settings of an assertion.

/** The output as text; objects, such as tool calls, as JSON. */
export function textOf(output) {
  return typeof output === 'string' ? output : (JSON.stringify(output) ?? '');
}

/** The assertion's `config`, of which no name may be unknown: a misspelt limit would never fail. */
export function settingsOf(context, known) {
  const settings = context.config ?? {};
  const unknown = Object.keys(settings).filter((name) => !known.includes(name));
  if (unknown.length) throw new Error(`This assertion has no setting ${unknown.join(', ')}; it has ${known.join(', ')}.`);
  return settings;
}

/** A verdict as Promptfoo takes it. */
export function verdict(pass, reason, score = pass ? 1 : 0) {
  return { pass, score, reason };
}

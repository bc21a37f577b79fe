// Passes where the answer's figure is `value`, to the cent.

import { settingsOf, textOf, verdict } from '../../shared/text.mjs';

export default function number(output, context) {
  const { value } = settingsOf(context, ['value']);
  let answer;
  try {
    ({ answer } = JSON.parse(textOf(output)));
  } catch {
    return verdict(false, 'The answer is not JSON.');
  }
  const near = value === null ? answer === null : typeof answer === 'number' && Math.abs(answer - value) < 0.006;
  return verdict(near, `The answer is ${answer}, expected ${value}.`);
}

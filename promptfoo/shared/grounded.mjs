// Passes where what the answer says stands in the documents: each sentence shares enough of its words with them, and no
// number is new. It needs no model, so it sees made-up facts and not wrong conclusions.
//
// config: context and question (names of variables: `context`, `question`), least (share of a sentence's words, 0.5),
// sentences (share of the sentences that must be grounded, 1), allow (phrases of sentences that need no ground).

import { settingsOf, textOf, verdict } from './text.mjs';

const STOP_WORDS = new Set(
  ('a about after all also an and any are as at be been but by can could did do does each for from had has have he her his ' +
    'how i if in into is it its may more most no not of on only or other our out over so some such than that the their them ' +
    'then there these they this to under up was we were what when where which while who will with would yes you your ' +
    'bạn bị bởi các cho có còn của cũng do đã đang để đến đó được hay không khi là lại mà một này nên nếu như những nhưng ở ' +
    'phải qua rất ra sẽ sau tại theo thì trên trong từ và vào về với').split(' '),
);
const NUMBER = /\d[\d.,]*\d|\d/g;
const WORD = /\p{L}[\p{L}\p{M}]*/gu;
const SETTINGS = ['context', 'question', 'least', 'sentences', 'allow'];

export default function grounded(output, context) {
  const settings = { context: 'context', question: 'question', least: 0.5, sentences: 1, allow: [] };
  Object.assign(settings, settingsOf(context, SETTINGS));
  const given = context.vars?.[settings.context];
  if (given === undefined) throw new Error(`The case has no variable ${settings.context}.`);
  const source = `${textOf(given)}\n${textOf(context.vars[settings.question] ?? '')}`;
  const ground = { stems: new Set(wordsOf(source).map(stem)), numbers: new Set(numbersOf(source)) };
  const judged = sentencesOf(textOf(output)).filter((sentence) => wordsOf(sentence).length > 1);
  const loose = judged.filter((sentence) => !isAllowed(sentence, settings.allow) && !standsOn(sentence, ground, settings));
  const score = judged.length ? 1 - loose.length / judged.length : 1;
  if (!judged.length) return verdict(true, 'The answer says nothing that needs a ground.');
  if (score >= settings.sentences) return verdict(true, `${judged.length - loose.length} of ${judged.length} grounded.`, score);
  return verdict(false, `Not in the documents: "${loose[0]}"`, score);
}

function standsOn(sentence, { stems, numbers }, { least }) {
  const words = wordsOf(sentence).map(stem);
  const known = words.filter((word) => stems.has(word)).length;
  return known >= least * words.length && numbersOf(sentence).every((number) => numbers.has(number));
}

function isAllowed(sentence, phrases) {
  const text = sentence.toLowerCase();
  return phrases.some((phrase) => text.includes(phrase.toLowerCase()));
}

function sentencesOf(text) {
  // Marks of sources, such as [2], are not numbers that the text tells.
  const plain = text.normalize('NFC').replace(/\[\d{1,2}\]/g, ' ');
  return plain.split(/(?<=[.!?…])\s+|\n+/).map((sentence) => sentence.trim());
}

function wordsOf(text) {
  const words = text.normalize('NFC').toLowerCase().match(WORD) ?? [];
  return words.filter((word) => !STOP_WORDS.has(word));
}

/** Without the endings in which English words differ from one another most. */
function stem(word) {
  return word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/, '') : word;
}

/** Numbers without the separators of thousands: 1,200 and 1200 are one. */
function numbersOf(text) {
  const numbers = text.normalize('NFC').match(NUMBER) ?? [];
  return numbers.map((number) => number.replace(/[.,](?=\d{3}(?:\D|$))/g, ''));
}

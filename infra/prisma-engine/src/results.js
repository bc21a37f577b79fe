/** The engine's answers in the form that the client's protocol has. */

// A number that JavaScript would write differently: `245.0` would become the integer 245 for Python, and an integer
// beyond 2^53 would change its digits.
const FRAGILE_NUMBER = /\d\.0|\d{16}|\d[eE]/;

/**
 * Parse JSON without changing how any number is written when it is stringified again.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function parseExactly(text) {
  if (!FRAGILE_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context) =>
    typeof value === 'number' && String(value) !== context.source ? JSON.rawJSON(context.source) : value,
  );
}

/**
 * The data of one answer.
 *
 * @param {{ data: Record<string, unknown> }} answer parsed by `parseExactly`
 * @param {string} alias the name that the client gave the result
 * @returns {{ data: Record<string, unknown> }}
 */
export function toResult(answer, alias) {
  const [name, value = null] = Object.entries(answer.data ?? {})[0] ?? [];
  return { data: { [alias]: name === 'queryRaw' ? toRawRows(value) : toPlain(value) } };
}

function toPlain(value) {
  if (value === null || typeof value !== 'object' || JSON.isRawJSON(value)) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value.$type === 'string') return value.$type === 'BigInt' ? JSON.rawJSON(value.value) : value.value;
  for (const key in value) value[key] = toPlain(value[key]);
  return value;
}

// The client is of the time when each cell of a raw query carried its type.
function toRawRows(value) {
  const { columns, types, rows } = value.$type === 'Raw' ? value.value : value;
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, toCell(row[index], types[index])])));
}

function toCell(value, type) {
  if (value === null) return { prisma__type: 'null', prisma__value: null };
  if (!type.endsWith('-array')) return { prisma__type: type, prisma__value: value };
  const elementType = type.slice(0, -'-array'.length);
  return { prisma__type: 'array', prisma__value: value.map((element) => toCell(element, elementType)) };
}

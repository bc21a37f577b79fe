/**
 * Marks the values of Json fields.
 *
 * The client's protocol writes Json as a string that holds JSON. In the engine's protocol a bare string in a Json
 * position would be stored as a JSON string, doubly encoded and without an error, so exactly those positions have to
 * be marked, and the schema tells which they are.
 *
 * @typedef {import('./datamodel.js').Fields} Fields
 */

// Arguments of a Json filter that are not Json themselves.
const FILTER_OPTIONS = new Set(['path', 'mode', 'string_contains', 'string_starts_with', 'string_ends_with']);
// Arguments whose value speaks about the fields of the model.
const INPUTS = new Set(['where', 'data', 'create', 'update', 'cursor', 'having']);
// Nested writes whose value has arguments of its own.
const NESTED_WRITES = new Set(['connectOrCreate', 'upsert', 'createMany', 'updateMany']);
const LOGIC = new Set(['AND', 'OR', 'NOT']);

/**
 * A function that marks the Json values in the arguments of an action on a model.
 *
 * @param {Record<string, Fields>} models
 * @returns {(argumentsOf: object, model: Fields | undefined) => object}
 */
export function createJsonMarker(models) {
  const markArguments = (value, model) =>
    model && isPlain(value) ? mapValues(value, (key, inner) => (INPUTS.has(key) ? markInput(inner, model) : inner)) : value;

  const markInput = (value, model) =>
    forEach(value, (item) => (isPlain(item) ? mapValues(item, (key, inner) => markField(key, inner, model)) : item));

  function markField(key, value, model) {
    if (LOGIC.has(key)) return markInput(value, model);
    const type = Object.hasOwn(model, key) ? model[key] : undefined;
    if (type === 'Json') return markJson(value);
    return type && Object.hasOwn(models, type) ? markRelation(value, models[type]) : value;
  }

  function markRelation(value, model) {
    if (!isPlain(value)) return value;
    return mapValues(value, (operator, inner) => {
      if (NESTED_WRITES.has(operator)) return forEach(inner, (item) => markArguments(item, model));
      if (operator === 'update') return forEach(inner, (item) => markUpdate(item, model));
      return markInput(inner, model);
    });
  }

  // A nested update of one record is its data alone, or `{ where, data }`.
  function markUpdate(value, model) {
    const wrapped = isPlain(value) && 'data' in value && Object.keys(value).every((key) => key === 'data' || key === 'where');
    return wrapped ? markArguments(value, model) : markInput(value, model);
  }

  return markArguments;
}

function markJson(value) {
  if (typeof value === 'string') return { $type: 'Json', value };
  if (Array.isArray(value)) return value.map(markJson);
  if (isPlain(value)) return mapValues(value, (key, inner) => (FILTER_OPTIONS.has(key) ? inner : markJson(inner)));
  return value;
}

const forEach = (value, change) => (Array.isArray(value) ? value.map(change) : change(value));
const isPlain = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && value.$type === undefined;
const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]));

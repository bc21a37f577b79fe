/** The client's GraphQL text in the words of the engine's JSON protocol. */
import { Kind, parse } from 'graphql';
import { readModels } from './datamodel.js';
import { createJsonMarker } from './json-fields.js';

// Longest first where one name begins another.
const ACTIONS = [
  'findUnique', 'findFirst', 'findMany', 'createManyAndReturn', 'createMany', 'createOne', 'updateMany', 'updateOne',
  'upsertOne', 'deleteMany', 'deleteOne', 'aggregate', 'groupBy',
];
const RAW_ACTIONS = new Set(['queryRaw', 'executeRaw']);
const OR_THROW = 'OrThrow';

/** A request that is not one the client writes. */
export class RequestError extends Error {}

/**
 * @param {string} schema the text of the schema.prisma
 * @returns {(text: string) => { request: object, alias: string }} the request, and the name its result goes by
 */
export function createTranslator(schema) {
  const models = readModels(schema);
  const markJson = createJsonMarker(models);

  function argumentsOf(field, model) {
    return markJson(Object.fromEntries((field.arguments ?? []).map((item) => [item.name.value, toValue(item.value)])), model);
  }

  function selectionOf(set, model) {
    const selection = {};
    for (const field of set?.selections ?? []) {
      const related = model && models[model[field.name.value]];
      selection[field.name.value] =
        field.selectionSet || field.arguments?.length
          ? { arguments: argumentsOf(field, related), selection: selectionOf(field.selectionSet, related) }
          : true;
    }
    return selection;
  }

  return function translate(text) {
    const field = readRootField(text);
    const { action, modelName } = splitName(field.name.value);
    const model = modelName === undefined ? undefined : models[modelName];
    if (modelName !== undefined && !model) throw new RequestError(`the schema has no model ${modelName}`);
    const query = { arguments: argumentsOf(field, model), selection: selectionOf(field.selectionSet, model) };
    return { request: { modelName, action, query }, alias: field.alias?.value ?? field.name.value };
  };
}

function readRootField(text) {
  let document;
  try {
    document = parse(text, { noLocation: true });
  } catch (error) {
    throw new RequestError(`the request is not GraphQL: ${error.message}`, { cause: error });
  }
  const field = document.definitions[0]?.selectionSet?.selections[0];
  if (field?.kind !== Kind.FIELD) throw new RequestError('the request has no field');
  return field;
}

function splitName(name) {
  if (RAW_ACTIONS.has(name)) return { action: name };
  const action = ACTIONS.find((candidate) => name.startsWith(candidate));
  if (!action) throw new RequestError(`unknown operation ${name}`);
  const modelName = name.slice(action.length);
  return (action === 'findUnique' || action === 'findFirst') && modelName.endsWith(OR_THROW)
    ? { action: action + OR_THROW, modelName: modelName.slice(0, -OR_THROW.length) }
    : { action, modelName };
}

function toValue(node) {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.INT:
      return toInteger(node.value);
    case Kind.ENUM:
      return { $type: 'Enum', value: node.value };
    case Kind.LIST:
      return node.values.map(toValue);
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, toValue(field.value)]));
    default:
      throw new RequestError(`a ${node.kind} is not a value`);
  }
}

// Beyond 2^53 a JavaScript number would lose digits on the way.
function toInteger(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : { $type: 'BigInt', value: text };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTranslator, RequestError } from '../src/translate.js';
import { SCHEMA } from './schema.js';

const translate = createTranslator(SCHEMA);
const json = (value) => ({ $type: 'Json', value });
const dataOf = (text) => translate(text).request.query.arguments.data;

test('an action and its model are read from the name of the field', () => {
  const cases = {
    findUniqueTeam: ['findUnique', 'Team'],
    findUniqueTeamOrThrow: ['findUniqueOrThrow', 'Team'],
    findFirstKeyOrThrow: ['findFirstOrThrow', 'Key'],
    findManyKey: ['findMany', 'Key'],
    createOneTeam: ['createOne', 'Team'],
    createManyTeam: ['createMany', 'Team'],
    createManyAndReturnTeam: ['createManyAndReturn', 'Team'],
    updateManyKey: ['updateMany', 'Key'],
    upsertOneTeam: ['upsertOne', 'Team'],
    deleteManyTeam: ['deleteMany', 'Team'],
    aggregateTeam: ['aggregate', 'Team'],
    groupByTeam: ['groupBy', 'Team'],
    queryRaw: ['queryRaw', undefined],
    executeRaw: ['executeRaw', undefined],
  };
  for (const [name, [action, modelName]] of Object.entries(cases)) {
    const { request, alias } = translate(`query { result: ${name} { id } }`);
    assert.deepEqual([request.action, request.modelName, alias], [action, modelName, 'result'], name);
  }
});

test('values keep their kind', () => {
  const { request } = translate(
    'query { result: findManyTeam(where: { id: "a\\"\\u00e9", spend: 1.5, limit: 9007199254740993, keys: null }, take: -2, skip: 0, ' +
      'orderBy: [{ id: desc }], deep: true) { id } }',
  );
  assert.deepEqual(request.query.arguments, {
    where: { id: 'a"é', spend: 1.5, limit: { $type: 'BigInt', value: '9007199254740993' }, keys: null },
    take: -2,
    skip: 0,
    orderBy: [{ id: { $type: 'Enum', value: 'desc' } }],
    deep: true,
  });
});

test('a selection keeps its nesting and its arguments', () => {
  const { request } = translate('query { result: findManyTeam { id keys(where: { aliases: { equals: "{}" } }) { token } budget { id } } }');
  assert.deepEqual(request.query.selection, {
    id: true,
    keys: { arguments: { where: { aliases: { equals: json('{}') } } }, selection: { token: true } },
    budget: { arguments: {}, selection: { id: true } },
  });
});

test('a Json field is marked, and a string field that looks like Json is not', () => {
  assert.deepEqual(dataOf('mutation { result: createOneTeam(data: { id: "{}", metadata: "{\\"a\\":1}", tags: ["1", "2"] }) { id } }'), {
    id: '{}',
    metadata: json('{"a":1}'),
    tags: [json('1'), json('2')],
  });
});

test('Json is marked in every item of a list of data', () => {
  const { request } = translate('mutation { result: createManyTeam(data: [{ metadata: "1" }, { metadata: "2" }], skipDuplicates: true) { count } }');
  assert.deepEqual(request.query.arguments.data, [{ metadata: json('1') }, { metadata: json('2') }]);
});

test('Json is marked in filters, except for the options of a Json filter', () => {
  const { request } = translate(
    'query { result: findManyTeam(where: { AND: [{ NOT: { metadata: { equals: "1" } } }, ' +
      '{ metadata: { path: ["a"], string_contains: "x", not: "2" } }], budget: { is: { rules: { equals: "3" } } } }) { id } }',
  );
  assert.deepEqual(request.query.arguments.where, {
    AND: [{ NOT: { metadata: { equals: json('1') } } }, { metadata: { path: ['a'], string_contains: 'x', not: json('2') } }],
    budget: { is: { rules: { equals: json('3') } } },
  });
});

test('Json is marked in nested writes of every kind', () => {
  const data = dataOf(`mutation { result: updateOneTeam(where: { id: "1" }, data: {
    metadata: { set: "0" }
    budget: { upsert: { create: { rules: "1" }, update: { rules: "2" } } }
    keys: {
      create: [{ aliases: "3" }]
      connectOrCreate: [{ where: { token: "t" }, create: { aliases: "4" } }]
      createMany: { data: [{ aliases: "5" }] }
      update: [{ where: { token: "t" }, data: { aliases: "6" } }]
      updateMany: [{ where: { aliases: { equals: "7" } }, data: { aliases: "8" } }]
    }
  }) { id } }`);
  assert.deepEqual(data, {
    metadata: { set: json('0') },
    budget: { upsert: { create: { rules: json('1') }, update: { rules: json('2') } } },
    keys: {
      create: [{ aliases: json('3') }],
      connectOrCreate: [{ where: { token: 't' }, create: { aliases: json('4') } }],
      createMany: { data: [{ aliases: json('5') }] },
      update: [{ where: { token: 't' }, data: { aliases: json('6') } }],
      updateMany: [{ where: { aliases: { equals: json('7') } }, data: { aliases: json('8') } }],
    },
  });
  const single = dataOf('mutation { result: updateOneKey(where: { token: "t" }, data: { team: { update: { metadata: "9" } } }) { token } }');
  assert.deepEqual(single, { team: { update: { metadata: json('9') } } });
});

test('what the client never writes is refused in words', () => {
  assert.throws(() => translate('not graphql {'), RequestError);
  assert.throws(() => translate('query { result: inventTeam { id } }'), /unknown operation inventTeam/);
  assert.throws(() => translate('query { result: findManyGhost { id } }'), /no model Ghost/);
});

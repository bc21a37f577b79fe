import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExactly, toResult } from '../src/results.js';

const roundTrip = (text) => JSON.stringify(parseExactly(text));

test('numbers are written as they were read', () => {
  for (const text of ['[245.0,0.0,-1.0,1.5,7]', '{"a":9007199254740993}', '[1e21,1E-7,1.10]', '"245.0"', '{"a":"1.0, 2"}', '[0.1]']) {
    assert.equal(roundTrip(text), text);
  }
});

test('tagged values lose their tag, and a big integer keeps its digits', () => {
  const answer = parseExactly(
    '{"data":{"findUniqueTeam":{"id":"1","spend":245.0,"metadata":{"$type":"Json","value":"{\\"a\\":1.0}"},' +
      '"limit":{"$type":"BigInt","value":"9007199254740993"},"at":{"$type":"DateTime","value":"2030-01-01T00:00:00.000Z"},' +
      '"keys":[{"token":null}],"none":null}}}',
  );
  assert.equal(
    JSON.stringify(toResult(answer, 'result')),
    '{"data":{"result":{"id":"1","spend":245.0,"metadata":"{\\"a\\":1.0}","limit":9007199254740993,' +
      '"at":"2030-01-01T00:00:00.000Z","keys":[{"token":null}],"none":null}}}',
  );
});

test('an answer with nothing in it is null', () => {
  assert.deepEqual(toResult({ data: { findUniqueTeam: null } }, 'result'), { data: { result: null } });
});

test('a raw row carries the type of each cell, and Json in it is left alone', () => {
  const answer = parseExactly(
    '{"data":{"queryRaw":{"columns":["n","f","j","a","z"],"types":["bigint","double","json","int-array","string"],' +
      '"rows":[["9007199254740993",2.0,{"$type":"mine","n":[1.0,12345678901234567890]},[1,null],null]]}}}',
  );
  assert.equal(
    JSON.stringify(toResult(answer, 'result').data.result),
    '[{"n":{"prisma__type":"bigint","prisma__value":"9007199254740993"},"f":{"prisma__type":"double","prisma__value":2.0},' +
      '"j":{"prisma__type":"json","prisma__value":{"$type":"mine","n":[1.0,12345678901234567890]}},' +
      '"a":{"prisma__type":"array","prisma__value":[{"prisma__type":"int","prisma__value":1},{"prisma__type":"null","prisma__value":null}]},' +
      '"z":{"prisma__type":"null","prisma__value":null}}]',
  );
});

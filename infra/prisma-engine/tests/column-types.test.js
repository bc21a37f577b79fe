import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asUtc, columnType, valueForms } from '../src/column-types.js';

const read = (oid, text) => valueForms.getTypeParser(oid)(text);

test('a moment is told in UTC with all its digits, whatever the offset of the session', () => {
  assert.equal(asUtc('2024-01-02 03:04:05.123456+00'), '2024-01-02 03:04:05.123456');
  assert.equal(asUtc('2024-01-01 20:04:05.123456-07'), '2024-01-02 03:04:05.123456');
  assert.equal(asUtc('2024-01-02 08:34:05+05:30'), '2024-01-02 03:04:05');
  assert.equal(asUtc('infinity'), 'infinity');
});

test('values have the form that the engine wants', () => {
  assert.equal(read(16, 't'), true);
  assert.equal(read(20, '9007199254740993'), '9007199254740993');
  assert.equal(read(23, '-7'), -7);
  assert.equal(read(701, '1e-7'), 1e-7);
  assert.equal(read(790, '-$1,234.50'), '-1234.50');
  assert.equal(read(1266, '03:04:05.5+02'), '03:04:05.5');
  assert.deepEqual(read(17, '\\x00ff'), [0, 255]);
});

test('arrays are read element by element, with nulls', () => {
  assert.deepEqual(read(1007, '{1,NULL,3}'), [1, null, 3]);
  assert.deepEqual(read(1003, '{"a,b",c}'), ['a,b', 'c']);
  assert.deepEqual(read(1185, '{"2024-01-01 20:00:00-07"}'), ['2024-01-02 03:00:00']);
});

test('types of the system and types unknown are text', () => {
  for (const oid of [18, 19, 1186, 2278, 99999]) {
    assert.equal(columnType(oid), 7);
    assert.equal(read(oid, 'x'), 'x');
  }
  assert.equal(columnType(1002), 71);
});

/**
 * PostgreSQL's types in the words of Prisma's engine: for each type's OID the engine's column type and the form in
 * which it wants the value, made from PostgreSQL's text. A type that is not listed is handed over as its text.
 */
import pg from 'pg';

const COLUMN = {
  Int32: 0, Int64: 1, Float: 2, Double: 3, Numeric: 4, Boolean: 5, Text: 7, Date: 8, Time: 9, DateTime: 10,
  Json: 11, Bytes: 13, Uuid: 15,
};
const ARRAY_OF = 64;

const asText = (text) => text;
const asBoolean = (text) => text === 't';
const asMoney = (text) => text.replace(/[^\d.-]/g, '');
const asBytes = (text) => Array.from(Buffer.from(text.slice(2), 'hex'));
const asTimeWithoutZone = (text) => text.replace(/[+-]\d\d(:?\d\d)*$/, '');

/**
 * A `timestamptz` as UTC without an offset, with all its digits.
 *
 * @param {string} text
 * @returns {string}
 */
export function asUtc(text) {
  const parts = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)(:\d\d)?(:\d\d)?$/.exec(text);
  if (!parts) return text;
  const [, day, time, fraction = '', hours, minutes = ':00', seconds = ':00'] = parts;
  if (hours === '+00' && minutes === ':00') return `${day} ${time}${fraction}`;
  const sign = hours.startsWith('-') ? -1 : 1;
  const offset = sign * (Math.abs(Number(hours)) * 3600 + Number(minutes.slice(1)) * 60 + Number(seconds.slice(1)));
  const moment = new Date(Date.parse(`${day}T${time}Z`) - offset * 1000).toISOString();
  return `${moment.slice(0, moment.indexOf('T'))} ${moment.slice(moment.indexOf('T') + 1, -5)}${fraction}`;
}

// [type's OID, its array's OID, column type, form]
const TYPES = [
  [16, 1000, COLUMN.Boolean, asBoolean], // bool
  [17, 1001, COLUMN.Bytes, asBytes], // bytea
  [18, 1002, COLUMN.Text, asText], // "char"
  [19, 1003, COLUMN.Text, asText], // name
  [20, 1016, COLUMN.Int64, asText], // int8
  [21, 1005, COLUMN.Int32, Number], // int2
  [23, 1007, COLUMN.Int32, Number], // int4
  [25, 1009, COLUMN.Text, asText], // text
  [26, 1028, COLUMN.Int64, asText], // oid
  [114, 199, COLUMN.Json, asText], // json
  [142, 143, COLUMN.Text, asText], // xml
  [650, 651, COLUMN.Text, asText], // cidr
  [700, 1021, COLUMN.Float, Number], // float4
  [701, 1022, COLUMN.Double, Number], // float8
  [790, 791, COLUMN.Numeric, asMoney], // money
  [869, 1041, COLUMN.Text, asText], // inet
  [1042, 1014, COLUMN.Text, asText], // bpchar
  [1043, 1015, COLUMN.Text, asText], // varchar
  [1082, 1182, COLUMN.Date, asText], // date
  [1083, 1183, COLUMN.Time, asText], // time
  [1114, 1115, COLUMN.DateTime, asText], // timestamp
  [1184, 1185, COLUMN.DateTime, asUtc], // timestamptz
  [1266, 1270, COLUMN.Time, asTimeWithoutZone], // timetz
  [1560, 1561, COLUMN.Text, asText], // bit
  [1562, 1563, COLUMN.Text, asText], // varbit
  [1700, 1231, COLUMN.Numeric, asText], // numeric
  [2950, 2951, COLUMN.Uuid, asText], // uuid
  [3802, 3807, COLUMN.Json, asText], // jsonb
];

const KNOWN = new Map();
for (const [scalar, array, type, form] of TYPES) {
  KNOWN.set(scalar, { type, form });
  const element = (text) => (text === null ? null : form(text));
  KNOWN.set(array, { type: type + ARRAY_OF, form: (text) => pg.types.arrayParser.create(text, element).parse() });
}
const UNKNOWN = { type: COLUMN.Text, form: asText };

/**
 * The engine's number for a column of a type.
 *
 * @param {number} oid
 * @returns {number}
 */
export const columnType = (oid) => (KNOWN.get(oid) ?? UNKNOWN).type;

/** What node-postgres asks for the form of a value. */
export const valueForms = { getTypeParser: (oid) => (KNOWN.get(oid) ?? UNKNOWN).form };

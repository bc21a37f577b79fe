/** Cuts an SQL file into its statements, with PostgreSQL's rules for what a semicolon ends. */

const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/**
 * @param {string} sql
 * @returns {{ text: string, line: number }[]} each statement without its semicolon, and the line it starts on
 */
export function splitStatements(sql) {
  const statements = [];
  let start = -1; // of the statement at hand; -1 between statements
  let depth = 0; // of parentheses, within which a rule's actions are separated by semicolons
  let blocks = 0; // of BEGIN ATOMIC and CASE, within which a function's statements end
  let previous = '';
  let line = 1;
  let counted = 0;

  function finish(end) {
    if (start < 0) return;
    for (; counted < start; counted += 1) if (sql[counted] === '\n') line += 1;
    statements.push({ text: sql.slice(start, end).trimEnd(), line });
    start = -1;
    depth = blocks = 0;
    previous = '';
  }

  for (let at = 0; at < sql.length; ) {
    const skipped = skipBlank(sql, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const character = sql[at];
    if (character === ';' && depth === 0 && blocks === 0) {
      finish(at);
      at += 1;
      continue;
    }
    if (start < 0) start = at;
    if (character === '(') depth += 1;
    if (character === ')') depth = Math.max(0, depth - 1);
    const word = match(WORD, sql, at)?.toUpperCase();
    if (word) {
      if (word === 'ATOMIC' && previous === 'BEGIN') blocks = 1;
      else if (blocks > 0 && word === 'CASE') blocks += 1;
      else if (blocks > 0 && word === 'END') blocks -= 1;
      previous = word;
      const end = at + word.length;
      // E'...' is the one string in which a backslash hides a quote.
      at = word === 'E' && sql[end] === "'" ? skipQuoted(sql, end, true) : end;
    } else {
      at = skipToken(sql, at);
    }
  }
  finish(sql.length);
  return statements;
}

function skipToken(sql, at) {
  const character = sql[at];
  if (character === "'" || character === '"') return skipQuoted(sql, at, false);
  const tag = character === '$' && match(DOLLAR_TAG, sql, at);
  if (tag) {
    const end = sql.indexOf(tag, at + tag.length);
    return end < 0 ? sql.length : end + tag.length;
  }
  return at + 1;
}

function skipQuoted(sql, at, escapes) {
  const quote = sql[at];
  for (let end = at + 1; end < sql.length; end += 1) {
    if (escapes && sql[end] === '\\') end += 1;
    else if (sql[end] === quote && sql[end + 1] === quote) end += 1;
    else if (sql[end] === quote) return end + 1;
  }
  return sql.length;
}

// White space and comments, of which the /* */ kind nests.
function skipBlank(sql, at) {
  if (/\s|\ufeff/.test(sql[at])) return at + 1;
  if (sql.startsWith('--', at)) {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  if (!sql.startsWith('/*', at)) return at;
  let nested = 1;
  let end = at + 2;
  while (nested > 0 && end < sql.length) {
    if (sql.startsWith('/*', end)) nested += 1;
    else if (sql.startsWith('*/', end)) nested -= 1;
    else {
      end += 1;
      continue;
    }
    end += 2;
  }
  return end;
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

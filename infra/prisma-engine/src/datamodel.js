/**
 * What a Prisma schema says about its fields and its datasource.
 *
 * @typedef {Record<string, string>} Fields a model's fields: name to type name, without `?` and `[]`
 * @typedef {{ name: string, variable?: string, url?: string }} Datasource
 */

/**
 * The fields of every model, composite type and view.
 *
 * @param {string} schema the text of a schema.prisma
 * @returns {Record<string, Fields>}
 */
export function readModels(schema) {
  const models = {};
  for (const [, name, body] of schema.matchAll(/^[ \t]*(?:model|type|view)\s+(\w+)\s*\{([\s\S]*?)^[ \t]*\}/gm)) {
    const fields = (models[name] = {});
    for (const line of body.split('\n')) {
      const field = /^\s*(\w+)\s+(\w+)/.exec(line);
      if (field) fields[field[1]] = field[2];
    }
  }
  return models;
}

/**
 * The datasource block.
 *
 * @param {string} schema the text of a schema.prisma
 * @returns {Datasource}
 * @throws {Error} where there is no datasource, or it has no url
 */
export function readDatasource(schema) {
  const block = /^[ \t]*datasource\s+(\w+)\s*\{([^}]*)\}/m.exec(schema);
  const url = block && /^\s*url\s*=\s*(?:env\("([^"]+)"\)|"([^"]+)")/m.exec(block[2]);
  if (!url) throw new Error('the Prisma schema has no datasource with a url');
  return { name: block[1], variable: url[1], url: url[2] };
}

/**
 * The database URL in force: the client's override, else what the datasource names.
 *
 * @param {Datasource} datasource
 * @param {Record<string, string | undefined>} environment
 * @returns {string}
 * @throws {Error} where the environment variable is not set
 */
export function resolveUrl(datasource, environment) {
  const override = readOverrides(environment.OVERWRITE_DATASOURCES).find((entry) => entry.name === datasource.name);
  const url = override?.url ?? datasource.url ?? environment[datasource.variable];
  if (!url) throw new Error(`Environment variable not found: ${datasource.variable}.`);
  return url;
}

function readOverrides(text) {
  if (!text) return [];
  const json = text.trimStart().startsWith('[') ? text : Buffer.from(text, 'base64').toString();
  return JSON.parse(json);
}

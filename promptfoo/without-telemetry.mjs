// Loaded before Promptfoo, which tells its makers of each run, by a user id, that telemetry is off. Nobody is told.

const MAKERS = /(?:^|\.)promptfoo\.(?:app|dev)$/;
const reach = globalThis.fetch;

globalThis.fetch = async (resource, options) => {
  const { hostname } = new URL(resource instanceof Request ? resource.url : resource);
  if (MAKERS.test(hostname)) throw new TypeError(`${hostname} is not asked`);
  return reach(resource, options);
};

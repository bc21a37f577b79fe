// Fills in templates by the part of Nunjucks that is Jinja2's too, as the gateway does when it serves a prompt.

import nunjucks from 'nunjucks';

const FILTERS = ['default', 'join', 'length', 'lower', 'trim', 'upper'];

const environment = new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: true });
environment.filters = Object.fromEntries(FILTERS.map((name) => [name, environment.filters[name]]));

/** `template` with the values of `vars`. Throws where a variable is missing or a filter is not one of those above. */
export function render(template, vars) {
  return environment.renderString(template, vars);
}

// Imports a library from where this file lies: from the node_modules beside it.

/** @param {string} name */
export function load(name) {
  return import(name);
}

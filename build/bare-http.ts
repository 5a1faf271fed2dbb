/** Owns that `node:http` comes without `fetch`: what imports it as a module reads all of its exports, and some of them load undici. */
import http from 'node:http';
import type { Plugin } from 'rolldown';

const guarded = new Set(['http', 'node:http']);
const bare = '\0bare-http';

/** 14 MB and 10 ms of each thread, which `require` and this do without. */
export const bareHttp: Plugin = {
  name: 'bare-http',
  resolveId: (source, _importer, { kind }) =>
    guarded.has(source) && kind === 'import-statement' ? bare : null,
  load(id) {
    if (id !== bare) return null;
    const properties = Object.entries(Object.getOwnPropertyDescriptors(http));
    // It is getters that load something.
    const names = properties.filter(([, { get }]) => get === undefined).map(([name]) => name);
    return `const http = process.getBuiltinModule('node:http');
export const { ${names.join(', ')} } = http;
export default http;`;
  },
};

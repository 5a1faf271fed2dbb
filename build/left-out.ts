/** Owns what libraries load and nothing here uses: the build has none of it. */
import type { Plugin } from 'rolldown';

/** What is not loaded, by the package that would load it. */
const unused: Readonly<Record<string, readonly string[]>> = {
  // No operation has a schema of fastify's (`installOperations` parses by zod), and tests alone make up requests.
  fastify: ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'],
  // Other gateways are asked by `node:http` (`installForwarding`), and no WebSocket is passed on.
  '@fastify/reply-from': ['undici'],
  '@fastify/http-proxy': ['ws'],
  // The UI's folder is not listed (`installUi`).
  '@fastify/static': ['glob'],
};

const mark = '\0left-out:';

/** 6 MB of the main thread. Whoever calls any of it all the same is told so. */
export const leftOut: Plugin = {
  name: 'left-out',
  resolveId(source, importer) {
    const by = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(importer ?? '')?.[1] ?? '';
    return unused[by]?.includes(source) ? `${mark}${source}` : null;
  },
  load(id) {
    if (!id.startsWith(mark)) return null;
    const what = `The build leaves ${id.slice(mark.length)} out (build/left-out.ts)`;
    return `module.exports = new Proxy({}, {
  get: (_, name) => name === '__esModule' ? undefined : function () { throw new Error(${JSON.stringify(what)}); },
});`;
  },
};

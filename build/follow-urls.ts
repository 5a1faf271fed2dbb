/** Owns that `new URL('...', import.meta.url)` in the source leads to the same thing from the build. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, normalize, relative, resolve } from 'node:path';
import type { Plugin } from 'rolldown';

const urls = /new URL\(\s*'([^']+)',\s*import\.meta\.url\s*,?\s*\)/g;
/** Libraries in CommonJS that read a file of their own. */
const ownFiles = /`\$\{__dirname\}(\/[\w./-]+\.proto)`/g;

const protoImports = /^import "([\w/.-]+\.proto)";/gm;

/** A plugin, and what it has met. */
interface Followed {
  readonly plugin: Plugin;
  /** TypeScript that was led to: threads and processes, to be built too. */
  readonly programs: Set<string>;
}

/** Name of the output that comes of a file of ours. */
export function nameOf(file: string, root: string): string {
  return relative(root, file)
    .replace(/^(\.\.\/|node_modules\/)+/, '')
    .replace(/\.\w+$/, '')
    .replaceAll('/', '-');
}

/**
 * What is TypeScript is built beside the rest, under `nameOf`; what is in one of `packed`, the folders that are in the package as they are, is found
 * there; every other file is copied. `out` is where all output goes.
 */
export function followUrls(root: string, out: string, packed: readonly string[]): Followed {
  const programs = new Set<string>();
  const isPacked = (file: string) => packed.some((dir) => file.startsWith(join(root, dir, '/')));
  const plugin: Plugin = {
    name: 'follow-urls',
    transform: {
      filter: { code: /import\.meta\.url|__dirname/ },
      handler(code, id) {
        const emit = (file: string, fileName: string): void => {
          const source = readFileSync(file, 'utf8');
          this.emitFile({ type: 'asset', fileName, source });
          for (const [, path = ''] of source.matchAll(protoImports)) {
            const imported = join(dirname(file), path);
            // Those of Google's are in the library that reads them.
            if (existsSync(imported)) emit(imported, normalize(path));
          }
        };
        const copy = (file: string): string => {
          const fileName = nameOf(file, root) + extname(file);
          emit(file, fileName);
          return fileName;
        };
        const follow = (path: string): string => {
          const file = resolve(dirname(id), path);
          if (isPacked(file)) return relative(out, file);
          if (!file.endsWith('.ts')) return copy(file);
          programs.add(file);
          return `${nameOf(file, root)}.js`;
        };
        // Within the line, so that the source's positions hold without a map.
        const followed = code
          .replace(urls, (text, path) => text.replace(path, follow(path)))
          .replace(ownFiles, (text, path) =>
            text.replace(path, `/${copy(join(dirname(id), path))}`),
          );
        return followed === code ? null : { code: followed, map: null };
      },
    },
  };
  return { plugin, programs };
}

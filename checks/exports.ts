/**
 * Owns finding exports that nobody needs: those that no other file imports, and values of the product that only tests do. One that its
 * own file uses too is what a test specifies of that file.
 */
import { dirname, join } from 'node:path/posix';
import { type ParseResult, parseSync } from 'vite';

interface UnusedExport {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** Whether tests import it, or benchmarks. */
  readonly isTested: boolean;
}

/** The names that one file imports of another; undefined for all. */
interface Import {
  readonly from: string;
  readonly names: readonly string[] | undefined;
}

interface Exported {
  readonly name: string;
  /** Where its declaration begins and ends. */
  readonly start: number;
  readonly end: number;
  readonly isType: boolean;
}

/** Imported by a path that is put together: the launcher's, of the source or the build. */
const entries: ReadonlySet<string> = new Set(['cli/main.ts main']);

/** The unused exports of files, given by path with their texts. A default export is for a tool that looks for it. */
export function unusedExports(files: ReadonlyMap<string, string>): UnusedExport[] {
  const users = { product: new Map<string, Set<string>>(), test: new Map<string, Set<string>>() };
  const exported = new Map<string, readonly Exported[]>();
  for (const [file, text] of files) {
    const { imports, exports } = readModule(file, text);
    exported.set(file, exports);
    const used = isTest(file) ? users.test : users.product;
    for (const { from, names } of imports) {
      const to = used.getOrInsertComputed(from, () => new Set());
      for (const name of names ?? [all]) to.add(name);
    }
  }
  const uses = (who: 'product' | 'test', file: string, name: string): boolean => {
    const names = users[who].get(file);
    return names !== undefined && (names.has(name) || names.has(all));
  };
  return [...exported].flatMap(([file, exports]) =>
    exports.flatMap((one) => {
      const { name, start, isType } = one;
      const text = files.get(file) ?? '';
      const isTested = uses('test', file, name);
      if (uses('product', file, name) || entries.has(`${file} ${name}`)) return [];
      if (isTested && (isTest(file) || isType || isUsedWithin(file, text, one))) return [];
      return { file, line: text.slice(0, start).split('\n').length, name, isTested };
    }),
  );
}

/** Stands for every name of a module. */
const all = '*';

/** Benchmarks run the product as tests do. */
function isTest(file: string): boolean {
  return file.startsWith('test/') || file.startsWith('bench/');
}

function isUsedWithin(file: string, text: string, { name, start, end }: Exported): boolean {
  return names(parse(file, text).program).some(
    (one) => one.name === name && (one.start < start || one.start >= end),
  );
}

interface Name {
  readonly name: string;
  readonly start: number;
}

/** All identifiers below a node of the syntax tree that stand for themselves: `a` in `a.b`, and in `{ c: a }`. */
function names(node: unknown): Name[] {
  if (Array.isArray(node)) return node.flatMap(names);
  if (typeof node !== 'object' || node === null) return [];
  const { type, computed, ...parts } = node as Readonly<Record<string, unknown>>;
  if (type === 'Identifier' || type === 'JSXIdentifier') return [node as Name];
  const isOwn = (part: string) => computed === false && (part === 'property' || part === 'key');
  return Object.entries(parts).flatMap(([part, below]) => (isOwn(part) ? [] : names(below)));
}

function parse(file: string, text: string): ParseResult {
  const parsed = parseSync(file, text);
  const [error] = parsed.errors;
  if (error) throw new Error(`${file} can't be parsed: ${error.message}`);
  return parsed;
}

function readModule(file: string, text: string): { imports: Import[]; exports: Exported[] } {
  const { module } = parse(file, text);
  const path = (request: string) => join(dirname(file), request);
  const imports: Import[] = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: path(moduleRequest.value),
    names: namesOf(entries.map(({ importName }) => importName)),
  }));
  const exports: Exported[] = [];
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, importName, exportName, start, end, isType } of entries) {
      if (moduleRequest) {
        imports.push({ from: path(moduleRequest.value), names: namesOf([importName]) });
      }
      if (exportName.kind === 'Name' && exportName.name !== null) {
        exports.push({ name: exportName.name, start, end, isType });
      }
    }
  }
  for (const { start, moduleRequest } of module.dynamicImports) {
    const request = text.slice(moduleRequest.start + 1, moduleRequest.end - 1);
    const taken = /\{([^{}]*)\}\s*=\s*await\s*$/.exec(text.slice(0, start))?.[1];
    imports.push({ from: path(request), names: taken?.split(',').map(nameTaken) });
  }
  return { imports, exports };
}

/** `a: b` takes `a`. */
function nameTaken(text: string): string {
  return text.split(':')[0]?.trim() ?? '';
}

function namesOf(
  names: readonly { readonly kind: string; readonly name: string | null }[],
): string[] | undefined {
  return names.some(({ kind }) => kind !== 'Name' && kind !== 'Default')
    ? undefined
    : names.flatMap(({ name }) => name ?? []);
}

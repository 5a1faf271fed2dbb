/** Owns finding folders that CONTRIBUTING's listing of the house does not describe, and those it describes that are gone. */

/** Folders whose lines in the listing say how all below them is arranged. */
const ownOrder = ['test/', 'ui/', 'terraform/', '.ci'];

/** `paths` are of all files. Returns a sentence for each fault. */
export function undescribedFolders(contributing: string, paths: readonly string[]): string[] {
  const { heads, words } = describedIn(contributing);
  const folders = new Set(paths.flatMap(foldersOf));
  const missing = [...folders].filter(
    (folder) =>
      !heads.has(folder) && !words.has(folder) && !ownOrder.some((own) => folder.startsWith(own)),
  );
  const gone = [...heads].filter((folder) => !folders.has(folder));
  return [
    ...missing.sort().map((folder) => `${folder}/ is not described in CONTRIBUTING's listing`),
    ...gone.sort().map((folder) => `${folder}/ is in CONTRIBUTING's listing, and not there`),
  ];
}

/** `a/b/c.ts` is in `a/b`, which is in `a`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/**
 * A listing's line begins with the folders it describes, and names folders within them in its words. The paragraph before a listing
 * says where that is: by the last folder it names as `a/b/`; the first is of the whole.
 */
function describedIn(contributing: string): { heads: Set<string>; words: Set<string> } {
  const [, house = ''] = contributing.split('\n## The house\n');
  const heads = new Set<string>();
  const words = new Set<string>();
  let root = '';
  for (const line of (house.split('\n## ')[0] ?? '').split('\n')) {
    if (!line.startsWith('    ')) {
      root = [...line.matchAll(/`([\w/-]+\/)`/g)].at(-1)?.[1] ?? root;
      continue;
    }
    const [, begin = '', rest = ''] = /^ {4}((?:[\w-]+\/ ?)*)(.*)$/.exec(line) ?? [];
    const here = foldersNamed(begin).map((folder) => root + folder);
    for (const head of here) {
      heads.add(head);
      for (const folder of foldersNamed(rest)) words.add(`${head}/${folder}`);
    }
  }
  // Where a listing is, is described by the paragraph before it.
  for (const head of [...heads]) for (const above of foldersOf(head)) words.add(above);
  return { heads, words };
}

function foldersNamed(text: string): string[] {
  return [...text.matchAll(/([\w/-]+)\/(?![\w-])/g)].map(([, folder = '']) => folder);
}

/** Owns which test files share a process: those that start no program, open no socket, and change nothing that others see. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file that imports one of these may be at the mercy of time, or be found by others at its port. */
const apart = /^node:(child_process|cluster|dgram|http|http2|https|net|tls|worker_threads)$/;

const imported = /^(?:import|export) (?!type )(?:[^'";]* from )?'([^']+)';$/gm;

/** What is of the whole process, or of ava's process for one file, `proves` among it, which looks at all that was configured. */
const ownsProcess =
  /\btest\.\w|\bt\.(snapshot|timeout)\(|\bprocess\.(chdir|env|umask|on|once)\b|^\s+proves\(/m;

/** Whether a file of `test/`, or what of `test/` it imports, wants a process of its own. */
function isApart(path: string, asked: Set<string>): boolean {
  if (asked.has(path)) return false;
  asked.add(path);
  const text = readFileSync(join(root, path), 'utf8');
  if (ownsProcess.test(text)) return true;
  return [...text.matchAll(imported)].some(([, what = '']) => {
    if (!what.startsWith('.')) return apart.test(what);
    const file = relative(root, join(root, dirname(path), what)).replaceAll('\\', '/');
    return file.startsWith('test/') && isApart(file, asked);
  });
}

/** Files under `folder` that share a process, from the repository's root, in order. */
export function sharing(folder: string): readonly string[] {
  const files = globSync(`${folder}/**/*.test.ts`, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('test/together/'));
  return files.filter((file) => !isApart(file, new Set())).sort();
}

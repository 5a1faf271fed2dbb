/** Owns running the tests: all of them, and once more by themselves the few files that failed beside all others. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More files than these fail together because the product is broken, not for a moment in which the machine stood still. */
const mostFiles = 5;

const root = fileURLToPath(new URL('../../', import.meta.url));
const ava = fileURLToPath(new URL('../../node_modules/ava/entrypoints/cli.js', import.meta.url));

const named = process.argv.slice(2);
/** It keeps note of files that fail only where it does not know that it runs in CI. */
const env = {
  ...process.env,
  AVA_FORCE_CI: 'not-ci',
  ISTHMUS_TESTS_SHARE: named.length === 0 ? '1' : '0',
};

/** The exit code of the test runner. */
function run(...args: readonly string[]): number {
  return (
    spawnSync(process.execPath, [ava, ...args], { cwd: root, env, stdio: 'inherit' }).status ?? 1
  );
}

function failedFiles(): readonly string[] {
  const path = `${root}node_modules/.cache/ava/failing-tests.json`;
  const files: string[] = JSON.parse(readFileSync(path, 'utf8'));
  return files.map((file) => relative(root, file));
}

const code = run(...named);
const failed = code === 0 ? [] : failedFiles();
if (failed.length === 0 || failed.length > mostFiles) process.exit(code);
console.log(`\nOnce more, one after the other, what failed:\n  ${failed.join('\n  ')}`);
const again = run('--concurrency=1', ...failed);
const outcome =
  again === 0 ? 'passed by itself; it needs a test that bears a slow machine' : 'failed again';
console.log(`\n${failed.join(', ')}: ${outcome}.`);
process.exit(again);

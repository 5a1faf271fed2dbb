/** Specifies docs/policies.md: on the demo's datacenters its commands print what stands below them. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { calmTraffic } from '../../examples/demo/keep.ts';
import { freePorts } from '../../examples/demo/processes.ts';
import { Stage } from '../../examples/demo/stage.ts';
import { writeWords } from '../../examples/demo/words.ts';
import { cleanEnv } from '../cli/command.ts';
import { openShell } from '../support/shell.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Of the host outside, in the page and in its Egress. */
const port = '18080';

interface Typed {
  readonly command: string;
  readonly shown: readonly string[];
}

/** The commands of a page, after `$`, and the lines below each. */
function commandsOf(page: string): Typed[] {
  const blocks = page.match(/(?:^ {4}.*\n)+/gm) ?? [];
  return blocks.flatMap((block) =>
    block
      .replaceAll(/^ {4}/gm, '')
      .split(/^\$ /m)
      .slice(1)
      .map((one) => {
        const [command = '', ...shown] = one.trimEnd().split('\n');
        return { command, shown };
      }),
  );
}

/**
 * What a shown line stands for: `...` for anything, seconds for any, and a metric's value for any but 0. What follows its end is
 * left out.
 */
function patternOf(line: string): RegExp {
  const words = line.trim().split(/\s+/);
  const patterns = words.map((word, i) => {
    if (/^\d+\.\d+$/.test(word)) return '\\d+\\.\\d+';
    if (line.startsWith('isthmus_') && i === words.length - 1) return '[1-9]\\d*';
    return word.split('...').map(RegExp.escape).join('.*');
  });
  return new RegExp(`^\\s*${patterns.join('\\s+')}(?:\\s|$)`);
}

/** Shown lines that nothing was printed for. */
function missing(shown: readonly string[], printed: string): string[] {
  const left = printed.split('\n');
  return shown.filter((line) => {
    const pattern = patternOf(line);
    const at = left.findIndex((one) => pattern.test(one));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

test('the walk works as it is written, from the first policy until all are gone', async (t) => {
  t.timeout(240_000);
  const stage = await Stage.build(() => {});
  t.teardown(() => stage.tearDown());
  t.teardown(calmTraffic(stage));
  const dir = await tempDir(t);
  const [free] = await freePorts(1);
  const local = (text: string) => text.replaceAll(port, String(free));
  await mkdir(join(dir, 'examples'));
  await symlink(join(root, 'examples/demo'), join(dir, 'examples/demo'));
  await cp(join(root, 'examples/policies'), join(dir, 'examples/policies'), { recursive: true });
  const egress = join(dir, 'examples/policies/egress.yaml');
  await writeFile(egress, local(await readFile(egress, 'utf8')));
  await writeFile(join(dir, '.curlrc'), 'silent\n');
  const shell = openShell(t, dir, cleanEnv({ CURL_HOME: dir, NO_COLOR: '1' }));
  await shell.run(`. ${await writeWords(stage)}`);
  const page = await readFile(join(root, 'docs/policies.md'), 'utf8');
  for (const { command, shown } of commandsOf(local(page))) {
    let printed = '';
    const fits = async () => {
      printed = await shell.run(command);
      return missing(shown, printed).length === 0;
    };
    // What is asked may take a moment to be so; what is done is done once.
    const isAsked = /^(curl|isthmus (explain|check))/.test(command);
    await (isAsked ? until(command, fits, 10_000).catch(() => {}) : fits());
    t.deepEqual(missing(shown, printed), [], `${command}\n${printed}`);
  }
});

/** Specifies the systemd unit: systemd has nothing against it, and it leaves the gateway little. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { run, runOk } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

const unit = fileURLToPath(new URL('../../packaging/files/isthmus.service', import.meta.url));
const isHere = (await run('sh', ['-c', 'command -v systemd-analyze'])).code === 0;
const withSystemd = isHere ? test : test.skip;

withSystemd('systemd-analyze verifies it', async (t) => {
  // What it starts is not installed here, nor its manual.
  const text = (await readFile(unit, 'utf8'))
    .replace('/usr/bin/isthmus', '/bin/true')
    .replace(/^Documentation=.*\n/m, '');
  const copy = join(await tempDir(t), 'isthmus.service');
  await writeFile(copy, text);
  const { code, stdout, stderr } = await run('systemd-analyze', ['verify', copy]);
  t.is(stdout + stderr, '');
  t.is(code, 0);
});

withSystemd('its exposure is below 3.0', async (t) => {
  const said = await runOk('systemd-analyze', ['security', '--offline=true', unit]);
  const [, exposure = ''] =
    /Overall exposure level for isthmus\.service: ([\d.]+)/.exec(said) ?? [];
  t.true(Number(exposure) > 0 && Number(exposure) < 3, said);
});

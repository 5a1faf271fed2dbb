/** Specifies the mark that tells a gateway from another one of its id. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openMark } from '../../../../gateway/control/membership/data-folder-mark.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a mark is made once, and kept', async (t) => {
  const dir = await tempDir(t);
  const made = await openMark(dir);
  t.regex(made, /^[0-9a-f]{16}$/);
  t.is(await openMark(dir), made);
});

for (const [what, damage] of [
  ['nothing', ''],
  ['half of one', '0123456'],
  ['what is no text', Buffer.from([0xff, 0x00, 0x81])],
  ['more than a record may hold', 'x'.repeat(3000)],
] as const) {
  test(`a file with ${what} in it gives way to a new mark`, async (t) => {
    const dir = await tempDir(t);
    await writeFile(join(dir, 'instance'), damage);
    const made = await openMark(dir);
    t.regex(made, /^[0-9a-f]{16}$/);
    t.is(await openMark(dir), made);
  });
}

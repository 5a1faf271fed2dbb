/** Specifies the file of a backup: what is read is what was written, and whatever else it is, it is refused. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseFederationName } from '../../../core/names.ts';
import { backupLines, backupRecords, inspectBackup } from '../../../registry/backup/format.ts';
import { tempDir } from '../../support/temp-dir.ts';

const head = { federation: parseFederationName('acme'), revision: 7, at: 1_000 };
const records = [
  { key: '/isthmus/v1/acme/bundles/dc1', value: Buffer.from('{"a":"ü"}') },
  { key: '/isthmus/v1/acme/clusters/dc1', value: Buffer.from([0xff, 0x00]) },
];

async function written(t: ExecutionContext): Promise<string> {
  const path = join(await tempDir(t), 'backup');
  await writeFile(path, (await Array.fromAsync(backupLines(head, records))).join(''));
  return path;
}

test('what is read is what was written, octet by octet', async (t) => {
  const path = await written(t);
  t.deepEqual(await inspectBackup(path), { ...head, keys: 2 });
  t.deepEqual(await Array.fromAsync(backupRecords(path)), records);
});

const faults: readonly (readonly [what: string, spoil: (text: string) => string])[] = [
  ['empty', () => ''],
  ['no JSON', () => 'hello\n'],
  ['a backup of a later version', (text) => text.replace('"version":1', '"version":2')],
  ['without its end', (text) => text.slice(0, text.trimEnd().lastIndexOf('\n') + 1)],
  ['cut within a line', (text) => text.slice(0, text.length / 2)],
  ['without a record', (text) => text.replace(/^.*clusters.*\n/m, '')],
  ['with a record twice', (text) => text.replace(/^(.*clusters.*\n)/m, '$1$1')],
  ['changed in a value', (text) => text.replace('ü', 'u')],
  ['with more after its end', (text) => `${text}{}\n`],
  ['with a key of another federation', (text) => text.replace('acme/bundles', 'evil/bundles')],
];

for (const [what, spoil] of faults) {
  test(`a file that is ${what} is refused`, async (t) => {
    const path = await written(t);
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await t.throwsAsync(inspectBackup(path), { code: 'BACKUP_INVALID' });
  });
}

test('a file that is not there can not be read', async (t) => {
  await t.throwsAsync(inspectBackup('/nowhere/backup'), { code: 'FILE_UNREADABLE' });
});

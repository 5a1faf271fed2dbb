/** Specifies the file of a cluster's membership. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type Joined, MembershipFile } from '../../federation/member.ts';
import { tempDir } from '../support/temp-dir.ts';
import { acme, refused } from './fixtures.ts';

const member: Joined = {
  version: 1,
  kind: 'member',
  federation: acme,
  joinedAt: 5,
  registry: {
    kind: 'embedded',
    endpoints: ['https://10.0.0.1:2379', '[::1]:2379'],
    hostTrustDomain: 'dc1.acme',
  },
  pins: { ['dc1' as never]: { bundle: { keys: [] }, admittedAt: 3 } },
  departed: { ['dc3' as never]: 4 },
};

test('a cluster without a file stands alone', async (t) => {
  const file = await MembershipFile.open(await tempDir(t));
  t.is(file.state.kind, 'standalone');
  t.throws(() => file.joined(), { code: 'NOT_A_MEMBER' });
});

test('what was set is there after a restart, for the owner alone, and no half-written file beside it', async (t) => {
  const dir = await tempDir(t);
  await (await MembershipFile.open(dir)).set(member);
  const file = await MembershipFile.open(dir);
  t.deepEqual(file.joined(), member);
  t.is((await stat(file.path)).mode & 0o777, 0o600);
  t.deepEqual(await readdir(dir), ['federation.json']);
});

test('changes at once are applied one after the other, and none is lost', async (t) => {
  const dir = await tempDir(t);
  const file = await MembershipFile.open(dir);
  await file.set(member);
  const add = (joinedAt: number) =>
    file.update((state) =>
      state.kind === 'member' ? { ...state, joinedAt: state.joinedAt + joinedAt } : state,
    );
  await Promise.all([add(1), add(10), add(100)]);
  t.is((await MembershipFile.open(dir)).joined().joinedAt, 116);
});

test('a file that can not be understood is refused by name, kept as it is, and its secret not told', async (t) => {
  for (const text of [
    '',
    '{"version":1,"kind":"joining","token":"isthmus1_SECRET","startedAt":0',
    '{"version":2,"kind":"standalone"}',
    '{"version":1,"kind":"joining","token":"isthmus1_SECRET"}',
    JSON.stringify({ ...member, pins: { 'NOT A NAME': member.pins } }),
    '[]',
  ]) {
    const dir = await tempDir(t);
    const path = join(dir, 'federation.json');
    await writeFile(path, text);
    const error = await refused(t, 'FILE_UNREADABLE', () => MembershipFile.open(dir));
    t.is(error.where, path);
    t.false(JSON.stringify(error.toProblem()).includes('SECRET'));
    t.is(await readFile(path, 'utf8'), text);
  }
});

test('a change that can not be written is reported, and the next one is tried anew', async (t) => {
  const dir = await tempDir(t);
  const file = await MembershipFile.open(dir);
  const bad = { ...member, joinedAt: 1n as unknown as number };
  await t.throwsAsync(file.set(bad));
  t.is(file.state.kind, 'standalone');
  await file.set(member);
  t.is(file.state.kind, 'member');
});

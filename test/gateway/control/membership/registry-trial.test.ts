/** Specifies trying the registry before a join: the credentials and their rights in a real etcd, of which nothing changes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { tryRegistry } from '../../../../gateway/control/membership/registry-trial.ts';
import { startEtcdWithUsers } from '../../../support/etcd-users.ts';
import { tempDir } from '../../../support/temp-dir.ts';

type Options = Parameters<typeof tryRegistry>[0];

/** What is said of the etcd at `endpoint` to dc2, which is configured with a user, or with none. */
async function tried(t: ExecutionContext, endpoint: string, username?: string) {
  const dir = await tempDir(t);
  await writeFile(join(dir, 'password'), username ?? '', { mode: 0o600 });
  const user = username === undefined ? {} : { username, passwordFile: 'password' };
  const config = {
    ...{ cluster: 'dc2', federation: 'acme', baseDir: dir },
    registry: { etcd: { endpoints: [endpoint], ...user } },
  };
  const [line, ...more] = await tryRegistry({
    config: config as unknown as Options['config'],
    identity: {} as Options['identity'],
    access: { kind: 'etcd', endpoints: [endpoint.replace('http://', '')] },
    rootsOf: () => [],
    clock: systemClock,
    log: silentLog,
  });
  t.deepEqual(more, []);
  t.is(line?.subject, 'registry');
  return line;
}

test('credentials that may read and write what would be its own are well, any others are named, and nothing is written', async (t) => {
  const { etcd, run, addUser } = await startEtcdWithUsers(t, 'simple');
  await addUser('able', '/isthmus/v1/acme/clusters/dc2');
  await addUser('unable', '/isthmus/v1/acme/clusters/dc3');
  await run('put', '/isthmus/v1/acme/clusters/dc2', 'as it was');

  t.like(await tried(t, etcd.endpoint, 'able'), { outcome: 'ok' });
  t.like(await tried(t, etcd.endpoint, 'unable'), { outcome: 'refused', code: 'REGISTRY_DENIED' });
  const nobody = await tried(t, etcd.endpoint, 'nobody');
  t.is(nobody?.outcome, 'refused');
  t.regex(nobody?.what ?? '', /^The etcd at 127\.0\.0\.1:\d+: /);
  // They may be configured yet.
  t.is((await tried(t, etcd.endpoint))?.outcome, 'warning');

  const kept = await run('get', '/isthmus/v1/acme/clusters/dc2', '-w', 'fields');
  t.regex(kept, /"Value" : "as it was"/);
  t.regex(kept, /"Version" : 1\b/);
});

test('an etcd that does not answer is doubtful: it may be back by then', async (t) => {
  t.is((await tried(t, 'http://127.0.0.1:1'))?.outcome, 'warning');
});

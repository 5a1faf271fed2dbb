/** Specifies a join in which exactly one step fails: neither side has changed, or what is not settled is finished by the same token. */
import test, { type ExecutionContext } from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import { join, resumeJoin } from '../../federation/join.ts';
import { previewJoin } from '../../federation/join-preview.ts';
import { MembershipFile, type MembershipState } from '../../federation/member.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import {
  cluster,
  founder,
  joining,
  keyOf,
  refused,
  registry,
  registryOf,
  tokenOf,
} from './fixtures.ts';

/** dc1, which is reached over a line, as is its registry; and dc2, which has a token of it. */
async function scene(t: ExecutionContext) {
  const registryLine = await startTcpProxy({ target: await registry(t) });
  t.teardown(() => registryLine.close());
  const dc1 = await founder(t, registryLine.address);
  const line = await startTcpProxy({ target: dc1.address });
  t.teardown(() => line.close());
  const dc2 = await cluster(t, 'dc2');
  return { dc1, dc2, line, registryLine, token: await tokenOf(dc1, [line.address]) };
}

/** The file, but that `before` runs before each state is written, and may keep it from being so. */
function watched(file: MembershipFile, before: (next: MembershipState) => void): MembershipFile {
  return new Proxy(file, {
    get(target, name) {
      if (name === 'set') {
        return async (next: MembershipState) => {
          before(next);
          await target.set(next);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('the registry is down when both sides look: nothing changes, and the token is good afterwards', async (t) => {
  const { dc1, dc2, registryLine, token } = await scene(t);
  const before = await registryOf(dc1);
  registryLine.cut();
  const error = await t.throwsAsync(previewJoin(token, joining(dc2)), { instanceOf: IsthmusError });
  t.true(['REGISTRY_UNAVAILABLE', 'TIMED_OUT'].includes(error.code), error.code);
  t.is(dc2.file.state.kind, 'standalone');
  registryLine.restore();
  await until('the registry to be back', async () => (await registryOf(dc1)) !== undefined);
  t.deepEqual(await registryOf(dc1), before);
  t.is((await join(token, joining(dc2))).kind, 'member');
});

test('the journal can not be written: nothing was asked, nothing changes, and the token is good afterwards', async (t) => {
  const { dc1, dc2, token } = await scene(t);
  const before = await registryOf(dc1);
  const file = watched(dc2.file, () => {
    throw new IsthmusError('FILE_UNWRITABLE', { what: 'The disk is full' });
  });
  await refused(t, 'FILE_UNWRITABLE', () => join(token, { ...joining(dc2), file }));
  t.is(dc2.file.state.kind, 'standalone');
  t.deepEqual([await registryOf(dc1), dc1.acts], [before, []]);
  t.is((await join(token, joining(dc2))).kind, 'member');
});

test('the line breaks between the journal and the request: the federation has not changed, and the same token finishes', async (t) => {
  const { dc1, dc2, line, token } = await scene(t);
  const before = await registryOf(dc1);
  const file = watched(dc2.file, (next) => {
    if (next.kind === 'joining') line.cut();
  });
  await t.throwsAsync(join(token, { ...joining(dc2), file }), { message: /not known/ });
  t.is(dc2.file.state.kind, 'joining');
  t.deepEqual([await registryOf(dc1), dc1.acts], [before, []]);
  line.restore();
  const opened = await MembershipFile.open(dc2.dataDir);
  t.is((await resumeJoin({ ...joining(dc2), file: opened }))?.kind, 'member');
});

test('the membership can not be written once it was given: the cluster is a member, the journal stays, and the next start finishes', async (t) => {
  const { dc1, dc2, token } = await scene(t);
  const file = watched(dc2.file, (next) => {
    if (next.kind !== 'member') return;
    throw new IsthmusError('FILE_UNWRITABLE', { what: 'The disk is full' });
  });
  await refused(t, 'FILE_UNWRITABLE', () => join(token, { ...joining(dc2), file }));
  t.is(dc2.file.state.kind, 'joining');
  t.truthy(await dc1.store.get(keyOf('clusters', dc2.name)));
  const after = await registryOf(dc1);

  // As a gateway does that was killed at this moment.
  const opened = await MembershipFile.open(dc2.dataDir);
  t.is((await resumeJoin({ ...joining(dc2), file: opened }))?.kind, 'member');
  t.deepEqual(await registryOf(dc1), after);
  t.deepEqual(Object.keys(opened.joined().pins), ['dc1']);
});

test('a join that was not finished leaves the token used: nobody else joins by it', async (t) => {
  const { dc1, dc2, token } = await scene(t);
  const file = watched(dc2.file, (next) => {
    if (next.kind === 'member') throw new IsthmusError('FILE_UNWRITABLE', { what: 'Killed' });
  });
  await refused(t, 'FILE_UNWRITABLE', () => join(token, { ...joining(dc2), file }));
  await refused(t, 'TOKEN_INVALID', async () => join(token, joining(await cluster(t, 'dc3'))));
  t.is(dc1.refusedTokens.at(-1), 'TOKEN_USED');
});

/** Specifies proving signatures of many records on threads: what is told of them, and what is not. */
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { Proofs } from '../../registry/proofs.ts';
import { signRecord } from '../../registry/signing.ts';
import { tempDir } from '../support/temp-dir.ts';

/** As many as threads are started for. */
const many = 2_000;

async function authority(t: ExecutionContext, trustDomain: string) {
  const dir = await tempDir(t);
  return openAuthority({ dir, trustDomain: parseTrustDomain(trustDomain), clock: systemClock });
}

test('of many records those are proven that the root they name has signed, and none that is forged, altered, moved, or no record', async (t) => {
  const [dc2, dc3] = [await authority(t, 'dc2.acme'), await authority(t, 'dc3.acme')];
  const text = (key: string, by = dc2) => JSON.stringify(signRecord(key, { cluster: 'dc2' }, by));
  const signed = Array.from({ length: many }, (_, i) => ({ key: `k${i}`, value: text(`k${i}`) }));
  const { keyId } = signRecord('a', {}, dc2).signature;
  const forged = { ...signRecord('a', { cluster: 'dc2' }, dc3) };
  const not = {
    altered: { key: 'k0', value: text('k0').replace('"dc2"', '"dc9"') },
    'moved from another key': { key: 'k1', value: text('k0') },
    "in another's name": {
      key: 'a',
      value: JSON.stringify({ ...forged, signature: { ...forged.signature, keyId } }),
    },
    'by a root that is not among those': { key: 'a', value: text('a', dc3) },
    'without a signature': { key: 'a', value: '{"cluster":"dc2"}' },
    'no JSON': { key: 'a', value: '{' },
    deleted: { key: 'a', value: undefined },
  };
  const proofs = new Proofs({ roots: () => [dc2.root], threads: 2, log: silentLog });
  await proofs.prove([...Object.values(not), ...signed]);
  t.deepEqual(
    signed.filter((one) => !proofs.has(one)),
    [],
  );
  for (const [what, one] of Object.entries(not)) t.false(proofs.has(one), what);
  t.false(proofs.has({ key: 'k0', value: text('k0') }), 'what was not asked about');
});

test('where there are no threads nothing is proven, and nobody waits', async (t) => {
  const proofs = new Proofs({ roots: () => [], threads: 0, log: silentLog });
  const all = Array.from({ length: many }, (_, i) => ({ key: `k${i}`, value: '{}' }));
  await proofs.prove(all);
  t.false(all.some((one) => proofs.has(one)));
});

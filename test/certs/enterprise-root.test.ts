/**
 * Specifies a security invariant: an enterprise's root above several clusters vouches for none of them. Each cluster is believed by its own
 * root alone, so that neither the enterprise nor a cluster beside it can be taken for another.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { readParentAuthority } from '../../certs/parent-authority.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { Enterprise } from './enterprise-files.ts';
import { serve, watched } from './fixtures.ts';
import { type Forged, forge, tlsCredentials } from './forge.ts';

async function under(t: ExecutionContext, name: string, enterprise: Enterprise) {
  const trustDomain = parseTrustDomain(`${name}.acme`);
  const dir = join(await tempDir(t), 'ca');
  const files = { certificate: enterprise.path('root.crt'), key: enterprise.path('root.key') };
  const findParent = () => readParentAuthority(files, trustDomain, Date.now());
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock, findParent });
  const leaf = await authority.issueLeaf({ id: gatewayId(trustDomain, 'g1'), dnsNames: [] });
  const key = createPrivateKey(await readFile(join(dir, 'ca.key')));
  return { authority, leaf, stolen: { certificate: authority.root, key } };
}

test('an enterprise root above two clusters, and each of them, is refused for the other: only its own root vouches for a cluster', async (t) => {
  const enterprise = await Enterprise.at(t);
  const { certificate, key } = await enterprise.make({ name: 'root', kind: 'P-256' });
  const root: Forged = {
    certificate: new X509Certificate(await readFile(certificate)),
    key: createPrivateKey(await readFile(key)),
  };
  const [dc1, dc2] = [await under(t, 'dc1', enterprise), await under(t, 'dc2', enterprise)];
  const trust = new TrustStore();
  for (const { authority } of [dc1, dc2]) trust.set(authority.bundle());
  const { port, accepted, refused } = await serve(t, () => dc1.leaf, trust);

  const named = (issuer: Forged, domain = 'dc2') =>
    forge({ name: 'g9', uris: [`spiffe://${domain}.acme/gateway/g9`], issuer });
  /** As the enterprise would make a cluster's root: with its name, for its trust domain, and another key. */
  const twin = forge({
    ...{ name: 'dc2.acme', ca: true, pathLength: 0, issuer: root },
    ...{ uris: ['spiffe://dc2.acme'], permittedHosts: ['dc2.acme'] },
  });
  const attempts: Readonly<Record<string, readonly [Forged, ...Forged[]]>> = {
    'the enterprise itself': [named(root), root],
    'another authority of the enterprise’s for that trust domain': [named(twin), twin, root],
    'a cluster beside it': [named(dc1.stolen), dc1.stolen, root],
    'a cluster beside it, showing the root of that one': [named(dc1.stolen), dc2.stolen, root],
    'its own root': [named(dc2.stolen), dc2.stolen, root],
  };
  const taken: string[] = [];
  for (const [by, [leaf, ...others]] of Object.entries(attempts)) {
    const before = accepted.length;
    const count = accepted.length + refused.length;
    const presented = tlsCredentials(leaf, ...others.map((one) => one.certificate));
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...presented,
    });
    watched(socket);
    await until('a verdict', () => accepted.length + refused.length > count);
    if (accepted.length > before) taken.push(by);
    socket.destroy();
  }
  t.deepEqual(taken, ['its own root']);
  t.true(refused.every(({ error }) => error.code === 'CERT_UNTRUSTED'));
});

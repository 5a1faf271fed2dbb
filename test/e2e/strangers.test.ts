/** Specifies who is let in at the port for gateways. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { type LeafIdentity, openAuthority } from '../../certs/authority.ts';
import { parseSpiffeId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;

test.before('two clusters are joined', async () => {
  ({ dc1, dc2 } = await federate(shared, { dc1: {}, dc2: {} }));
});

/** A certificate by the authority kept in `dir`: dc2's own, or one of the same name that nobody knows. */
async function certificate(dir: string, uri: string): Promise<LeafIdentity> {
  const trustDomain = parseTrustDomain('dc2.acme');
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  return authority.issueLeaf({ id: parseSpiffeId(uri), dnsNames: [] });
}

const ownAuthority = () => join(dc2.gateway.dataDir, 'ca');

/** Asks dc1's east-west listener for a service with real curl; resolves to the status, or `refused`. */
async function ask(t: ExecutionContext, leaf?: LeafIdentity): Promise<number | 'refused'> {
  const dir = await tempDir(t);
  const proof: string[] = [];
  if (leaf) {
    await writeFile(join(dir, 'chain.pem'), leaf.chainPem);
    await writeFile(join(dir, 'key.pem'), leaf.keyPem, { mode: 0o600 });
    proof.push('--cert', join(dir, 'chain.pem'), '--key', join(dir, 'key.pem'));
  }
  const url = `https://${dc1.gateway.listener('eastWest')}/`;
  const to = ['-H', 'Host: orders.shop.acme', '--max-time', '10', url];
  const output = ['-o', join(dir, 'body'), '-w', '%{http_code}'];
  try {
    const { stdout } = await run('curl', ['-sk', '--http2', ...proof, ...output, ...to]);
    return Number(stdout);
  } catch {
    return 'refused';
  }
}

test('a gateway of a member is served', async (t) => {
  t.is(await ask(t, await certificate(ownAuthority(), 'spiffe://dc2.acme/gateway/gateway-1')), 200);
});

test('security: a client without a certificate is refused', async (t) => {
  const before = dc1.served;
  t.is(await ask(t), 'refused');
  t.is(dc1.served, before);
});

test('security: a certificate of an authority that is no member is refused, whatever it claims', async (t) => {
  const stranger = await certificate(await tempDir(t), 'spiffe://dc2.acme/gateway/gateway-1');
  t.is(await ask(t, stranger), 'refused');
});

test("security: a member's certificate that is not a gateway's is refused", async (t) => {
  const service = await certificate(ownAuthority(), 'spiffe://dc2.acme/ns/shop/sa/orders');
  t.is(await ask(t, service), 403);
});

test('security: a plain HTTP client gets no answer from the listener for gateways', async (t) => {
  const url = `http://${dc1.gateway.listener('eastWest')}/`;
  await t.throwsAsync(run('curl', ['-sS', '--max-time', '10', url]));
  t.is((await dc2.gateway.request('orders.shop')).status, 200);
});

/**
 * Specifies the forgery matrix, a security invariant: whatever any cluster's authority signs, for whichever trust domain, in whichever
 * shape, over a real handshake only leaves of its own domain, in order and in their time, are taken.
 */
import tls from 'node:tls';
import test from 'ava';
import { systemClock } from '../../core/clock.ts';
import { until } from '../support/until.ts';
import { cluster, serve, trusting, watched } from './fixtures.ts';
import { type Forged, type ForgeRequest, forge, tlsCredentials } from './forge.ts';

const names = ['dc1', 'dc2', 'dc3'] as const;
type Name = (typeof names)[number];
const minute = 60_000;

interface Shape {
  /** The certificates that are presented, the leaf's key with the first. */
  make(
    authority: Forged,
    domain: Name,
  ): { readonly leaf: Forged; readonly others: readonly Forged[] };
  /** Whether the domain's own authority may have it taken. */
  readonly isInOrder: boolean;
}

function leafOf(issuer: Forged, domain: Name, more: Partial<ForgeRequest> = {}): Forged {
  return forge({ name: 'g9', uris: [`spiffe://${domain}.acme/gateway/g9`], issuer, ...more });
}

function plain(more: (now: number) => Partial<ForgeRequest>, isInOrder = false): Shape {
  return {
    isInOrder,
    make: (authority, domain) => ({
      leaf: leafOf(authority, domain, more(systemClock.now())),
      others: [authority],
    }),
  };
}

/** A leaf under an intermediate of the authority's: roots of clusters have a path length of 0. */
const intermediate: Shape = {
  isInOrder: false,
  make(authority, domain) {
    const between = forge({ name: 'between', ca: true, issuer: authority });
    return { leaf: leafOf(between, domain), others: [between, authority] };
  },
};

const shapes: Readonly<Record<string, Shape>> = {
  leaf: plain(() => ({}), true),
  intermediate,
  'DNS-only': plain(() => ({ uris: [], dnsNames: ['dc1.acme', 'dc2.acme', 'dc3.acme'] })),
  'two names': {
    isInOrder: false,
    make: (authority) => ({
      leaf: leafOf(authority, 'dc1', { uris: names.map((n) => `spiffe://${n}.acme/gateway/g9`) }),
      others: [authority],
    }),
  },
  'CA:true': plain(() => ({ ca: true })),
  expired: plain((now) => ({ notBefore: now - 60 * minute, notAfter: now - minute })),
  'not yet valid': plain((now) => ({ notBefore: now + minute, notAfter: now + 60 * minute })),
};

test('of each authority, for each trust domain, in each shape, only what is in order is taken: also on a session that is resumed', async (t) => {
  const clusters = await Promise.all(names.map((name) => cluster(t, name)));
  const [dc1] = clusters;
  if (dc1 === undefined) return t.fail();
  const { port, accepted, refused } = await serve(t, () => dc1.leaf, trusting(...clusters));
  let tried = 0;
  const verdicts: string[] = [];
  const expected: string[] = [];

  for (const [i, by] of names.entries()) {
    const authority = clusters[i]?.stolen;
    if (authority === undefined) return t.fail();
    for (const domain of names) {
      for (const [shape, { make, isInOrder }] of Object.entries(shapes)) {
        const { leaf, others } = make(authority, domain);
        const presented = tlsCredentials(leaf, ...others.map(({ certificate }) => certificate));
        const sessions: Buffer[] = [];
        for (const kind of ['new', 'resumed'] as const) {
          const session = kind === 'resumed' ? sessions.at(-1) : undefined;
          tried++;
          const socket = tls.connect({
            ...{ host: '127.0.0.1', port, rejectUnauthorized: false, ...presented },
            ...(session && { session }),
          });
          t.teardown(() => socket.destroy());
          watched(socket);
          socket.on('session', (one) => sessions.push(one));
          const before = accepted.length;
          await until('a verdict', () => accepted.length + refused.length === tried);
          const taken = accepted.length > before;
          sessions.push(...[socket.getSession()].filter((one) => one !== undefined));
          socket.destroy();
          const what = `${by} for ${domain}: ${shape}, ${kind}`;
          verdicts.push(`${what}: ${taken ? 'taken' : 'refused'}`);
          expected.push(`${what}: ${by === domain && isInOrder ? 'taken' : 'refused'}`);
        }
      }
    }
  }
  t.deepEqual(verdicts, expected);
  t.is(accepted.length, names.length * 2);
  t.true(accepted.every(({ socket }) => !socket.isSessionReused()));
});

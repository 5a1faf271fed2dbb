/** Owns trying, before a join, whether this gateway can use the registry of the federation, by the credentials that it is configured with. */
import type { X509Certificate } from 'node:crypto';
import { parseTrustDomain, type TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { RegistryAccess } from '../../../federation/member.ts';
import { doubtful, type Line, refusing, well } from '../../../federation/preflight.ts';
import { reach, reachLines } from '../../../federation/reachability.ts';
import { isOutage } from '../../../registry/etcd-errors.ts';
import { encodeKey } from '../../../registry/keys.ts';
import type { Store } from '../../../registry/store.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from './identity.ts';
import { addressesOf } from './moved-registry.ts';
import { openRegistryStore } from './registry-store.ts';

interface TrialOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly access: RegistryAccess;
  /** Roots of the cluster that hosts an embedded registry. */
  rootsOf(domain: TrustDomain): readonly X509Certificate[];
  readonly clock: Clock;
  readonly log: Log;
}

/** No record has this revision: a transaction that asks for it has its rights checked, and writes nothing. */
const noRevision = Number.MAX_SAFE_INTEGER;

/** Never rejects. */
export async function tryRegistry(options: TrialOptions): Promise<Line[]> {
  return options.access.kind === 'embedded' ? tryHost(options) : tryEtcd(options);
}

/** It lets in members alone, by their certificates: that it is there is all that can be seen before. */
async function tryHost({ access, rootsOf, clock }: TrialOptions): Promise<Line[]> {
  const trustDomain = parseTrustDomain(access.hostTrustDomain ?? '');
  const bundle = { trustDomain, sequence: 0, refreshHintSeconds: 0, roots: rootsOf(trustDomain) };
  const lines = reachLines(
    `the registry of ${trustDomain}`,
    await reach(access.endpoints, bundle, clock),
  );
  return lines.map((line) => ({ ...line, subject: 'registry' }));
}

async function tryEtcd(options: TrialOptions): Promise<Line[]> {
  const { config, access } = options;
  const { etcd } = config.registry ?? {};
  const where = (etcd ? addressesOf(etcd) : access.endpoints).join(', ');
  let store: Store | undefined;
  try {
    ({ store } = await openRegistryStore({ ...options, hosted: undefined, hostRoots: () => '' }));
    const { cluster, federation } = config;
    const key = encodeKey(federation, { kind: 'clusters', cluster });
    await store.get(key);
    await store.txn([{ key, modRevision: noRevision }], [{ op: 'put', key, value: '' }]);
    return [
      well('registry', `The etcd at ${where} lets ${cluster} read, and write its own records`),
    ];
  } catch (thrown) {
    const error = asIsthmusError(thrown);
    const what = `The etcd at ${where}: ${error.message}`;
    // Where none are configured, they may come later; those that are refused will be refused again.
    const hasCredentials = etcd?.username !== undefined || etcd?.cert !== undefined;
    if (isOutage(error) || !hasCredentials) {
      return [doubtful('registry', error.code, what, error.fix)];
    }
    return [refusing('registry', new IsthmusError(error.code, { what, fix: error.fix }))];
  } finally {
    await store?.close();
  }
}

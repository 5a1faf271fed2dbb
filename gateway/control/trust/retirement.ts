/** Owns whether anything still rests on a root that is to be taken out of the bundle, and what. */
import type { Authority } from '../../../certs/authority.ts';
import { fingerprintOf } from '../../../certs/x509.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { Store } from '../../../registry/store.ts';
import type { GatewayConfig } from '../config/config.ts';
import { type Acknowledgement, laggards, nameOf } from './acknowledgements.ts';
import { restingOnFormer } from './signed-by.ts';

/** A gateway's word on how many of its connections rest on a root; undefined where it does not answer. */
export interface Resting {
  /** `cluster/id`, or the address where it does not say. */
  readonly gateway: string;
  readonly count: number | undefined;
}

interface Retiring {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation'>;
  readonly authority: Authority;
  readonly snapshot: Snapshot;
  readonly acknowledgements: readonly Acknowledgement[];
  /** Undefined in no federation: then nobody has anything of this cluster. */
  readonly store: Store | undefined;
  /** Asks the federation's other gateways how many of their connections rest on a root. */
  connectionsOn(root: string): Promise<readonly Resting[]>;
}

/** Records named in a reason, so that it can be read. */
const named = 3;

/** In words; none means that it can go. Throws what the registry says. */
export async function reasonsToKeep(retiring: Retiring): Promise<string[]> {
  const { authority, store, config } = retiring;
  const { state } = authority;
  // One that has signed nothing yet can go at any time.
  if (state.kind !== 'signing' || store === undefined) return [];
  const reasons = [...waitingFor(retiring), ...ownGateways(retiring)];
  const { cluster, federation } = config;
  const resting = await restingOnFormer({ store, federation, cluster, authority });
  if (resting.length > 0) {
    const some = resting.slice(0, named).join(', ');
    const more = resting.length > named ? `, and ${resting.length - named} more` : '';
    reasons.push(`it signed what is in the registry at ${some}${more}`);
  }
  const asked = await retiring.connectionsOn(fingerprintOf(state.before.root.raw));
  for (const { gateway, count } of asked) {
    if (count === undefined) reasons.push(`${gateway} does not say whether connections rest on it`);
    else if (count > 0) reasons.push(`${count} connections of ${gateway} rest on it`);
  }
  return reasons;
}

function waitingFor({ acknowledgements }: Retiring): string[] {
  const waiting = laggards(acknowledgements).map(nameOf);
  return waiting.length === 0 ? [] : [`${waiting.join(', ')} may not know the new one`];
}

/** A gateway of this cluster that is away would come back with a root that nobody believes. */
function ownGateways({ acknowledgements, authority, config, snapshot }: Retiring): string[] {
  const gateways = snapshot.clusters.get(config.cluster)?.gateways;
  const behind = acknowledgements
    .filter(({ cluster }) => cluster === config.cluster)
    .filter(({ gateway }) => gateways?.get(gateway)?.root !== authority.keyId);
  return behind.length === 0
    ? []
    : [`${behind.map(nameOf).join(', ')} of this cluster still signs by it`];
}

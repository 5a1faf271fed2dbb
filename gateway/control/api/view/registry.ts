/** Owns how the admin API tells of the registry: each endpoint asked now, and how this gateway stands with it. */
import type { EndpointState } from '../../../../registry/etcd-members.ts';
import { type CheckedParts, registryFindings } from '../../check/check.ts';
import { endpointFindings } from '../../check/endpoints.ts';
import type { RegistryReport } from '../answers.ts';
import { problemItem } from './problem.ts';

export async function registryReport(
  gateway: CheckedParts,
  hosted: boolean,
): Promise<RegistryReport> {
  const { session } = gateway.membership;
  const [states, own] = await Promise.all([
    session?.registry.endpoints() ?? [],
    registryFindings(gateway),
  ]);
  return {
    kind: session?.joined.registry.kind ?? 'standalone',
    hosted,
    endpoints: states.map(endpointItem),
    ...(session && { session: sessionItem(session.client.session) }),
    watches:
      session?.client.watches.map(({ state, ...rest }) => ({ ...rest, state: state.kind })) ?? [],
    findings: [...endpointFindings(states), ...own.filter(({ level }) => level !== 'ok')],
  };
}

function endpointItem(state: EndpointState): RegistryReport['endpoints'][number] {
  if (state.kind === 'unavailable') {
    const { endpoint, problem } = state;
    return { endpoint, state: 'unavailable', problem: problemItem(problem) };
  }
  const { kind, hasLeader: _, cluster: _cluster, ...rest } = state;
  return { ...rest, state: kind };
}

type Session = NonNullable<CheckedParts['membership']['session']>['client']['session'];

function sessionItem({ state, lease }: Pick<Session, 'state' | 'lease'>) {
  return {
    state: state.kind,
    ...(lease !== undefined && { lease }),
    pending: 'pending' in state ? state.pending : 0,
    refused: 'refused' in state ? state.refused : 0,
    ...('since' in state && { since: state.since }),
  };
}

/** Owns what is wrong with the members of an etcd, as its endpoints say. */
import { errorCodes } from '../../../core/error-codes.ts';
import type { EndpointState } from '../../../registry/etcd-members.ts';
import { error, type Finding, fromError, warning } from './finding.ts';

type Answering = Extract<EndpointState, { kind: 'answers' }>;

/** Members that are in step differ by what is under way. */
const mostBehind = 1_000;

/** A finding for each fault; none where all is well. */
export function endpointFindings(states: readonly EndpointState[]): Finding[] {
  const answering = states.filter((state) => state.kind === 'answers');
  const newest = Math.max(0, ...answering.map(({ revision }) => revision));
  return [
    ...states.flatMap((state) => (state.kind === 'answers' ? [] : [silent(state, answering)])),
    ...strangers(answering),
    ...answering.flatMap((state) => faults(state, newest).map((one) => at(state, one))),
  ];
}

function silent(
  { endpoint, problem }: Extract<EndpointState, { kind: 'unavailable' }>,
  answering: readonly Answering[],
): Finding {
  const finding = { ...fromError('registry', problem), where: endpoint };
  // While another answers, only the next loss is felt.
  return answering.length === 0 ? finding : { ...finding, level: 'warning' };
}

/** Endpoints of two etcds have two histories: what is written to one is not in the other. */
function strangers(answering: readonly Answering[]): Finding[] {
  const clusters = new Set(answering.map(({ cluster }) => cluster));
  if (clusters.size < 2) return [];
  const what = `The endpoints are of ${clusters.size} different etcds`;
  const fix = 'Give the endpoints of one; what was written to the other is not there.';
  return [error('registry', 'REGISTRY_SPLIT', what, fix)];
}

function faults({ member, alarms, hasLeader, revision }: Answering, newest: number): Finding[] {
  return [
    ...(hasLeader
      ? []
      : [
          error(
            'registry',
            'REGISTRY_LEADERLESS',
            `${member} knows of no leader, so nothing can be written`,
            'Bring back members until more than half of them reach each other.',
          ),
        ]),
    ...(alarms.includes('NOSPACE')
      ? [
          error(
            'registry',
            'REGISTRY_FULL',
            `${member} has raised the space alarm`,
            errorCodes.REGISTRY_FULL.fix,
          ),
        ]
      : []),
    ...(alarms.includes('CORRUPT')
      ? [
          error(
            'registry',
            'REGISTRY_CORRUPT',
            `${member} found its data to differ from that of other members`,
            'Replace that member: remove it, empty its folder, and add it again.',
          ),
        ]
      : []),
    ...(newest - revision > mostBehind
      ? [
          warning(
            'registry',
            'REGISTRY_BEHIND',
            `${member} is ${newest - revision} revisions behind`,
            'It catches up by itself; if it does not, look at its disk and its network.',
          ),
        ]
      : []),
  ];
}

function at({ endpoint }: Answering, finding: Finding): Finding {
  return { ...finding, where: endpoint };
}

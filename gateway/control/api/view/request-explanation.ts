/** Owns the answer to what would become of a request that nobody has sent: step by step, each with the policy that decides. */
import {
  type AskedName,
  askedName,
  type ClusterName,
  type FederationName,
  trustDomainOf,
} from '../../../../core/names.ts';
import type { Caller } from '../../../data/balance/types.ts';
import { tellAuthorization, tellLimits, tellToken } from '../../../data/explain/access.ts';
import { tellAccessMisses } from '../../../data/explain/access-misses.ts';
import { type Branch, branchesOf, tellFault } from '../../../data/explain/branches.ts';
import { type Decision, inOrder } from '../../../data/explain/decision.ts';
import { tellReading, tellRoute } from '../../../data/explain/finding.ts';
import { groundOf } from '../../../data/explain/ground.ts';
import type { Led } from '../../../data/explain/ingress.ts';
import { type MadeUp, readMadeUp } from '../../../data/explain/made-up.ts';
import { mirrorsTold } from '../../../data/explain/mirrors.ts';
import { tellSending } from '../../../data/explain/sending.ts';
import { explainWay, Noted, together } from '../../../data/explain/way.ts';
import { clientCertificateField, serviceField } from '../../../data/message/headers.ts';
import type { Passage } from '../../../data/message/passage.ts';
import type { Peer } from '../../../data/message/peer.ts';
import { chainFor, type Entrance } from '../../../data/request/chain.ts';
import { limitOfRules } from '../../../data/request/rate-limit/limits.ts';
import { codeOf } from '../../../data/request/respond/unreadable.ts';
import type { RequestExplanation } from '../answers.ts';
import type { AskedRequest } from '../schema/request-explanation.ts';
import { type Question, questionOf } from './asked-request.ts';
import { sourceTold } from './decision-source.ts';
import { knownOf, placeAt } from './explained-facts.ts';
import { callerAt, type ExplainedParts, explanation } from './explanation.ts';

/** Throws BODY_INVALID, CLUSTER_NOT_FOUND or NAME_INVALID. */
export function requestExplanation(
  gateway: ExplainedParts,
  asked: AskedRequest,
): Promise<RequestExplanation> {
  return explanationOf(gateway, questionOf(gateway, asked));
}

export async function explanationOf(
  gateway: ExplainedParts,
  question: Question,
): Promise<RequestExplanation> {
  const { caller, made, notes } = question;
  const { cluster } = caller;
  const { decisions, branches } = await wayAt(gateway, caller, question.entranceAt, made);
  const backends = branches.map((branch) => backendOf(gateway, question, branch));
  return {
    request: { method: made.method, host: made.authority, path: made.target },
    caller,
    decisions: decisions.map((one) => told(cluster, one)),
    backends: await Promise.all(backends),
    notes: [...unknownAt(gateway, cluster), ...notes],
  };
}

type Backend = RequestExplanation['backends'][number];

async function backendOf(
  gateway: ExplainedParts,
  { caller, from, imagined, made }: Question,
  { target, share, decisions, route, passage }: Branch,
): Promise<Backend> {
  const { service, ...part } = target;
  const traffic = { service, client: caller.cluster, where: caller.cluster };
  const policies = [...gateway.policies.holding('TrafficPolicy', traffic)];
  const sending = route ? tellSending(route, policies) : [];
  const backend = {
    ...{ service, ...part },
    share: Math.round(share * 10) / 10,
    decisions: inOrder([...decisions, ...sending]).map((one) => told(caller.cluster, one)),
  };
  if (route === undefined || knownOf(gateway, service) === undefined) {
    return { ...backend, serving: [] };
  }
  const decision = await explanation(gateway, target, from, imagined);
  const carry = decision.candidates.filter((one) => one.share > 0);
  const others = new Set(carry.map(({ cluster }) => cluster as ClusterName));
  others.delete(caller.cluster);
  const serving = [...others].map(async (cluster) => {
    const sent = sentOn(gateway, made, caller.cluster, askedName(target), passage);
    const way = await wayAt(gateway, callerAt(gateway, cluster), eastWest, sent);
    return {
      cluster,
      decisions: way.decisions.map((one) => told(cluster, one)),
      notes: unknownAt(gateway, cluster),
    };
  });
  return { ...backend, decision, serving: await Promise.all(serving) };
}

/** The request as a gateway of `from` sends it on to another cluster. */
function sentOn(
  { config }: ExplainedParts,
  made: MadeUp,
  from: ClusterName,
  asked: AskedName,
  passage: Passage | undefined,
): MadeUp {
  const { fields, peer } = made;
  const { request, path = made.target, authority = made.authority } = passage ?? {};
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name = '', value = ''] = fields.slice(i, i + 2);
    const isDropped = request?.drops.includes(name.toLowerCase()) ?? false;
    if (!isDropped && !/^(?:x-isthmus-|x-forwarded-|forwarded$|via$|connection$)/i.test(name)) {
      kept.push(name, value);
    }
  }
  const shown = peer.kind === 'client' ? peer.certificate : undefined;
  return {
    method: made.method,
    authority,
    target: path,
    fields: [
      ...[...kept, ...(request?.fields ?? [])],
      ...[serviceField, asked, 'x-forwarded-for', peer.address],
      ...(shown === undefined ? [] : [clientCertificateField, shown]),
    ],
    peer: gatewayOf(from, config.federation),
  };
}

/** Some gateway of a cluster: which of them, no policy asks. */
function gatewayOf(cluster: ClusterName, federation: FederationName): Peer {
  const id = `spiffe://${trustDomainOf(cluster, federation)}/gateway/any`;
  return { kind: 'gateway', address: '0.0.0.0', cluster, gateway: 'any', id };
}

interface WayHere {
  readonly decisions: readonly Decision[];
  readonly branches: readonly Branch[];
}

/** The way through the gateways of a cluster. */
async function wayAt(
  gateway: ExplainedParts,
  where: Caller,
  entranceAt: Question['entranceAt'],
  made: MadeUp,
): Promise<WayHere> {
  const { config, policies } = gateway;
  const { cluster } = where;
  const here = placeAt(gateway, where, policies);
  const read = readMadeUp(made, here.limits);
  if (read.kind === 'refused') {
    const code = codeOf(read.why);
    const step = code === 'PATH_AMBIGUOUS' ? 'normalize' : 'receive';
    return {
      decisions: [{ step, outcome: 'refused', says: read.why.what, code }],
      branches: [],
    };
  }
  const place = { cluster, federation: config.federation };
  const limitNamed = (...name: Parameters<typeof policies.rateLimit>) => {
    const policy = policies.rateLimit(...name);
    return policy && limitOfRules(policy);
  };
  const tellers = {
    route: tellRoute(policies),
    authenticate: tellToken,
    authorize: together(tellAuthorization(place), tellAccessMisses(place)),
    'rate-limit': tellLimits(place, limitNamed),
    fault: tellFault,
  };
  const noted = new Noted();
  const ground = groundOf(here, noted);
  try {
    const led = entranceAt(ground.rules.routes);
    if (led.kind !== 'ends') return { decisions: [tellOpening(led, made)], branches: [] };
    const { entrance } = led;
    const chain = chainFor(entrance, ground.rules);
    const split = chain.find(({ slot }) => slot === 'split');
    const before = chain.filter((step) => step !== split);
    const { exchange } = read;
    const { route, decisions } = await explainWay(before, exchange, tellers, noted);
    const branches =
      route && split ? await branchesOf(split, exchange, route, ground, tellers) : [];
    const copied = route ? await mirrorsTold(branches, exchange, route, before, ground) : [];
    const way = [...decisions, ...copied];
    const known = read.withheld?.isAsked ? way.map(unkept) : way;
    const all = inOrder([...tellReading(made, exchange), ...known]);
    return {
      decisions: cluster === config.cluster ? all : all.map((one) => doubted(one, entrance)),
      branches,
    };
  } finally {
    ground.close();
  }
}

/** A refusal of a request of which a value was asked that was not kept. */
function unkept(decision: Decision): Decision {
  if (decision.outcome !== 'refused') return decision;
  const { step, policy, rule } = decision;
  const says = 'it depends on a value that was not kept of the request';
  return { ...{ step, policy, rule }, outcome: 'unknown', says };
}

const eastWest: Question['entranceAt'] = () => ({ kind: 'ends', entrance: { kind: 'east-west' } });

/** What becomes of a connection of which no request is read here. */
function tellOpening(led: Exclude<Led, { kind: 'ends' }>, { authority }: MadeUp): Decision {
  const step = 'receive';
  if (led.kind === 'passed') {
    const says = `TLS does not end here: the connection is passed on to ${led.authority} as it is`;
    return { step, outcome: 'answered', says };
  }
  const says = `no certificate of an ingress is for ${authority}: the handshake is refused`;
  return { step, outcome: 'refused', says, code: 'SERVER_NAME_UNKNOWN' };
}

/** What another cluster's own policies may say otherwise is not known, whatever those of the federation say. */
function doubted(decision: Decision, { kind }: Entrance): Decision {
  const { outcome, says, step } = decision;
  const isAsked = step === 'authenticate' || step === 'authorize';
  if (outcome !== 'passes' || !(isAsked || (step === 'route' && kind === 'outbound'))) {
    return decision;
  }
  const more = "as far as the federation's policies say; the cluster's own are not known here";
  return { ...decision, outcome: 'unknown', says: `${says}, ${more}` };
}

/** A decision with whose policy it goes by. */
function told(cluster: ClusterName, { policy, ...decision }: Decision) {
  return policy === undefined ? decision : { ...decision, ...sourceTold(cluster, policy) };
}

function unknownAt({ config }: ExplainedParts, cluster: ClusterName): string[] {
  if (cluster === config.cluster) return [];
  return [
    `What ${cluster} says in its own policies and its configuration is not known to ${config.cluster}: only the federation's policies are told. Ask a gateway of ${cluster}`,
  ];
}

/** Owns the answer to what would become of a request that nobody has sent: step by step, each with the policy that decides. */
import { IsthmusError } from '../../../../core/errors.ts';
import {
  type AskedName,
  askedName,
  type ClusterName,
  type FederationName,
  serviceHost,
  trustDomainOf,
} from '../../../../core/names.ts';
import type { Caller } from '../../../data/balance/types.ts';
import { tellAuthorization, tellLimits, tellToken } from '../../../data/explain/access.ts';
import { type Branch, branchesOf, tellFault, tellMirrors } from '../../../data/explain/branches.ts';
import { type Decision, inOrder } from '../../../data/explain/decision.ts';
import { tellReading, tellRoute } from '../../../data/explain/finding.ts';
import { groundOf } from '../../../data/explain/ground.ts';
import { type MadeUp, readMadeUp } from '../../../data/explain/made-up.ts';
import { tellSending } from '../../../data/explain/sending.ts';
import { explainWay, Noted } from '../../../data/explain/way.ts';
import { clientCertificateField, serviceField } from '../../../data/message/headers.ts';
import type { Passage } from '../../../data/message/passage.ts';
import { clientAt, type Peer } from '../../../data/message/peer.ts';
import { noProxies, TrustedProxies } from '../../../data/message/trusted-proxies.ts';
import { chainFor, type Entrance } from '../../../data/request/chain.ts';
import { limitOfRules } from '../../../data/request/rate-limit/limits.ts';
import { codeOf } from '../../../data/request/respond/unreadable.ts';
import { proxiesOf } from '../../config/data-side-settings.ts';
import type { RequestExplanation } from '../answers.ts';
import type { AskedRequest } from '../schema/request-explanation.ts';
import { sourceTold } from './decision-source.ts';
import { knownOf, placeAt } from './explained-facts.ts';
import { callerAt, type ExplainedParts, explanation } from './explanation.ts';

/** Throws BODY_INVALID, CLUSTER_NOT_FOUND or NAME_INVALID. */
export async function requestExplanation(
  gateway: ExplainedParts,
  asked: AskedRequest,
): Promise<RequestExplanation> {
  const caller = callerAt(gateway, asked.from);
  const made = madeUp(gateway, asked, caller.cluster);
  const { decisions, branches } = await wayAt(gateway, caller, { kind: 'outbound' }, made);
  const backends = branches.map((branch) => backendOf(gateway, asked, made, caller, branch));
  return {
    request: { method: made.method, host: made.authority, path: made.target },
    caller,
    decisions: decisions.map((one) => told(caller.cluster, one)),
    backends: await Promise.all(backends),
    notes: [...unknownAt(gateway, caller.cluster), ...certificateNote(asked)],
  };
}

type Backend = RequestExplanation['backends'][number];

async function backendOf(
  gateway: ExplainedParts,
  { from, without, scale }: AskedRequest,
  made: MadeUp,
  caller: Caller,
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
  const imagined = {
    without: new Set(without),
    scale: new Map(Object.entries(scale).map(([name, left]) => [name as ClusterName, left])),
  };
  const decision = await explanation(gateway, target, from, imagined);
  const carry = decision.candidates.filter((one) => one.share > 0);
  const others = new Set(carry.map(({ cluster }) => cluster as ClusterName));
  others.delete(caller.cluster);
  const serving = [...others].map(async (cluster) => {
    const asked = askedName(target);
    const sent = sentOn(gateway, made, caller.cluster, asked, passage);
    const way = await wayAt(gateway, callerAt(gateway, cluster), { kind: 'east-west' }, sent);
    return {
      cluster,
      decisions: way.decisions.map((one) => told(cluster, one)),
      notes: unknownAt(gateway, cluster),
    };
  });
  return { ...backend, decision, serving: await Promise.all(serving) };
}

/** Reads what was asked about. Throws BODY_INVALID. */
function madeUp({ config }: ExplainedParts, asked: AskedRequest, cluster: ClusterName): MadeUp {
  const { service, url, method, headers, token, as, source } = asked;
  if ((service === undefined) === (url === undefined)) {
    throw new IsthmusError('BODY_INVALID', { what: 'Name either a service or a URL' });
  }
  const isGiven = headers.some(({ name }) => name.toLowerCase() === 'authorization');
  if (token !== undefined && isGiven) {
    const what = 'There is a token beside an authorization field';
    throw new IsthmusError('BODY_INVALID', { what, where: 'token' });
  }
  const [, host, target = ''] = /^http:\/\/([^/?#]+)([^#]*)/.exec(url ?? '') ?? [];
  if (url !== undefined && host === undefined) {
    throw new IsthmusError('BODY_INVALID', {
      what: 'It is no URL of what comes to the outbound listener: http://HOST/PATH',
      where: 'url',
    });
  }
  // The proxies of other clusters are not known here.
  const proxies = cluster === config.cluster ? new TrustedProxies(proxiesOf(config)) : noProxies;
  const client = clientAt(source, proxies);
  return {
    method,
    authority: service === undefined ? (host ?? '') : serviceHost(service, config.federation),
    target: target.startsWith('/') ? target : `/${target}`,
    fields: [
      ...headers.flatMap(({ name, value }) => [name, value]),
      ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ],
    peer: as === undefined ? client : { ...client, certificate: `URI=${as}` },
  };
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
  entrance: Entrance,
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
    authorize: tellAuthorization(place),
    'rate-limit': tellLimits(place, limitNamed),
    fault: tellFault,
    mirror: tellMirrors,
  };
  const noted = new Noted();
  const ground = groundOf(here, noted);
  try {
    const chain = chainFor(entrance, ground.rules);
    const split = chain.find(({ slot }) => slot === 'split');
    const before = chain.filter((step) => step !== split);
    const { exchange } = read;
    const { route, decisions } = await explainWay(before, exchange, tellers, noted);
    const branches =
      route && split ? await branchesOf(split, exchange, route, ground, tellers) : [];
    const all = inOrder([...tellReading(made, exchange), ...decisions]);
    return {
      decisions: cluster === config.cluster ? all : all.map((one) => doubted(one, entrance)),
      branches,
    };
  } finally {
    ground.close();
  }
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

function certificateNote({ as }: AskedRequest): string[] {
  return as === undefined
    ? []
    : ['Certificates are verified at ingresses: a client of the outbound listener shows none'];
}

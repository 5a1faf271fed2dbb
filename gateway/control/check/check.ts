/** Owns the gateway's look at itself: layer by layer, what is fine, what is not, and what to do about it. */
import type { IsthmusError } from '../../../core/errors.ts';
import { type AskedName, parseAskedName, parseServiceName } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServices } from '../catalog/known-services.ts';
import type { IngressCertificates } from '../certificates/ingress-certificates.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Drills } from '../drills/drills.ts';
import type { Effects } from '../drills/effects.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { Readiness } from '../readiness/readiness.ts';
import type { RootRotation } from '../trust/root-rotation.ts';
import { type AuditedParts, audit } from './audit.ts';
import {
  bundles,
  clocks,
  type Linking,
  ownClock,
  peers,
  type Timing,
  type Trusting,
} from './clusters.ts';
import { database } from './database.ts';
import {
  age,
  error,
  type Finding,
  fromError,
  ok,
  rootErrorMs,
  rootWarningMs,
  warning,
} from './finding.ts';
import { type ForeignParts, foreign } from './foreign.ts';
import { ingressCertificates, unreachableRoutes, unservedTargets } from './ingress.ts';
import { type KnownSiblings, missingGateways } from './missing.ts';
import { outageOf } from './outage.ts';
import { type PolicyParts, policies } from './policies.ts';
import { type ComparedParts, siblings } from './siblings.ts';
import { refusedTokens, type ShownTo } from './tokens.ts';

/** The parts of a gateway that are looked at here. */
interface Looked {
  readonly catalog: Pick<Catalog, 'services'>;
  readonly config: GatewayConfig;
  readonly configProblem: IsthmusError | undefined;
  readonly drills: Pick<Drills, 'problems'>;
  readonly effects: Pick<Effects, 'shifts'>;
  readonly identity: Pick<Identity, 'authority' | 'leaf'>;
  readonly ingressCertificates: Pick<IngressCertificates, 'current' | 'states'>;
  readonly membership: Pick<Membership, 'problems' | 'session'>;
  readonly namesProblem: IsthmusError | undefined;
  readonly readiness: Readiness;
  readonly registrationsProblem: IsthmusError | undefined;
  readonly rootRotation: Pick<RootRotation, 'problem'>;
  readonly services: Pick<KnownServices, 'endpoints' | 'published'>;
  readonly snapshot: Snapshot;
}

/** The parts of a gateway that are looked at. */
export type CheckedParts = Looked &
  Timing &
  Linking &
  Trusting &
  KnownSiblings &
  ComparedParts &
  PolicyParts &
  AuditedParts &
  ShownTo &
  ForeignParts;

/** Findings of every layer; each layer says at least that it is fine. */
export async function checkGateway(gateway: CheckedParts): Promise<Finding[]> {
  return [
    ...config(gateway),
    ...siblings(gateway),
    ...(await registryFindings(gateway)),
    ...certificates(gateway),
    ...ingress(gateway),
    ...(await otherClusters(gateway)),
    ...refusedTokens(gateway),
    ...foreign(gateway),
    ...names(gateway),
    ...services(gateway),
    ...policies(gateway),
    ...intended(gateway),
    ...audit(gateway),
  ];
}

/** How this gateway stands with its registry. */
export async function registryFindings(gateway: CheckedParts): Promise<Finding[]> {
  return [...registry(gateway), ...(await etcdDatabase(gateway))];
}

/** No findings on a federation that this cluster has left: that its members do not speak with it is as it should be. */
async function otherClusters(gateway: CheckedParts): Promise<Finding[]> {
  if (gateway.membership.session?.isOut) return ownClock(gateway);
  const others = [...gateway.snapshot.clusters.values()].filter(
    ({ cluster }) => cluster !== gateway.config.cluster,
  );
  return [
    ...(await clocks(gateway, others)),
    ...(await peers(gateway, others)),
    ...missingGateways(gateway).map(({ code, message, fix }) =>
      warning('peers', code, message, fix),
    ),
    ...bundles(gateway, others),
  ];
}

/** Names resolve unless it is said. */
function names({ namesProblem }: CheckedParts): Finding[] {
  return namesProblem ? [{ ...fromError('services', namesProblem), level: 'warning' }] : [];
}

function config({ config, configProblem }: CheckedParts): Finding[] {
  if (configProblem) return [fromError('config', configProblem)];
  const count = config.services.length;
  return [
    ok(
      'config',
      'CONFIG_OK',
      `Gateway ${config.gateway} of ${config.cluster}, ${count} configured services`,
    ),
  ];
}

function registry({ membership, readiness }: CheckedParts): Finding[] {
  const client = membership.session?.client;
  const unready = 'problem' in readiness ? [readiness.problem] : [];
  const findings = Array.from(new Set([...unready, ...membership.problems]), (problem) =>
    fromError('registry', problem),
  );
  if (!client) {
    // The obstacle to being ready says whether to join, and as what.
    if (findings.length > 0) return findings;
    const what = 'This cluster is in no federation';
    return [
      warning('registry', 'NOT_A_MEMBER', what, 'Join one: `isthmus join --token-file FILE`.'),
    ];
  }
  const { store, stale, staleMs, unread, fromCache, pendingWrites, revision } = client.status;
  const outage = outageOf(store);
  if (outage !== undefined) {
    findings.push({ ...fromError('registry', outage), level: 'warning' });
  } else if (stale && store.kind !== 'unavailable' && !unread.some(isDenied)) {
    const [first] = unread;
    const what = `What is known could not be confirmed for ${Math.round(staleMs / 1000)} s`;
    const finding = warning(
      'registry',
      'REGISTRY_STALE',
      first === undefined ? what : `${what}: ${first.message}`,
      'It is tried again by itself; if it stays so, look at the registry and its log.',
    );
    findings.push({ ...finding, ...(first?.where !== undefined && { where: first.where }) });
  }
  if (fromCache) {
    findings.push(
      warning(
        'registry',
        'REGISTRY_FROM_CACHE',
        'The gateway serves from the snapshot on disk',
        'Bring the registry back.',
      ),
    );
  }
  if (pendingWrites > 0) {
    findings.push(
      warning(
        'registry',
        'REGISTRY_PENDING',
        pendingWrites === 1
          ? '1 write waits for the registry'
          : `${pendingWrites} writes wait for the registry`,
        'What waits is written as soon as it answers.',
      ),
    );
  }
  if (findings.length === 0)
    findings.push(ok('registry', 'REGISTRY_OK', `In step at revision ${revision}`));
  return findings;
}

async function etcdDatabase({ membership }: CheckedParts): Promise<Finding[]> {
  const etcd = membership.session?.database;
  return etcd ? database(etcd) : [];
}

/** A key that the registry denies is among the client's problems already. */
function isDenied({ code }: IsthmusError): boolean {
  return code === 'REGISTRY_DENIED';
}

function certificates({ identity, rootRotation, clock }: CheckedParts): Finding[] {
  const { notBefore, notAfter } = identity.leaf.current;
  const left = notAfter - clock.now();
  const root = identity.authority.root.validToDate.getTime() - clock.now();
  const findings: Finding[] = [];
  // It is renewed at half its life: much less left means that renewals fail.
  if (left < (notAfter - notBefore) / 4) {
    const level = left <= 0 ? error : warning;
    findings.push(
      level(
        'certificates',
        'CERT_EXPIRING',
        `The gateway's certificate has ${age(left)} left`,
        'Look in the log for why it is not renewed.',
      ),
    );
  }
  if (root < rootWarningMs) {
    const level = root < rootErrorMs ? error : warning;
    const what = `The cluster's root has ${age(root)} left`;
    findings.push(
      level('certificates', 'ROOT_EXPIRING', what, 'Change it: `isthmus trust rotate`.'),
    );
  }
  if (rootRotation.problem) {
    const { code, message, fix } = rootRotation.problem;
    findings.push(warning('certificates', code, message, fix));
  }
  if (findings.length === 0) {
    findings.push(
      ok('certificates', 'CERT_OK', `The certificate has ${age(left)} left, the root ${age(root)}`),
    );
  }
  return findings;
}

function ingress(gateway: CheckedParts): Finding[] {
  const { config, ingressCertificates: files, clock } = gateway;
  return [
    ...unreachableRoutes(config.ingress, files.current),
    ...unservedTargets(config, (service) => isServed(gateway, service)),
    ...ingressCertificates(files.states, clock.now()),
  ];
}

/** Whether anybody has it, and a port of that name where it is one, healthy or not. */
function isServed({ services: known }: CheckedParts, asked: AskedName): boolean {
  const { service, port } = parseAskedName(asked);
  const own = known.endpoints(service);
  const others = [...known.published(service).exports.values()].filter(
    ({ localities }) => localities.length > 0,
  );
  if (port === undefined) return own.length > 0 || others.length > 0;
  return (
    own.some(({ ports = [] }) => ports.some(({ name }) => name === port)) ||
    others.some(({ ports = {} }) => Object.hasOwn(ports, port))
  );
}

function services(gateway: CheckedParts): Finding[] {
  const { registrationsProblem } = gateway;
  const findings: Finding[] = registrationsProblem
    ? [fromError('services', registrationsProblem)]
    : [];
  let checked = 0;
  for (const service of gateway.catalog.services()) {
    checked++;
    const endpoints = gateway.services.endpoints(service);
    const healthy = endpoints.filter(
      ({ health }) => health === 'healthy' || health === 'degraded',
    ).length;
    if (healthy === endpoints.length) continue;
    const level = healthy === 0 ? error : warning;
    const total = endpoints.length === 1 ? '1 endpoint is' : `${endpoints.length} endpoints are`;
    findings.push(
      level(
        'services',
        'SERVICE_UNHEALTHY',
        `${parseServiceName(service)}: ${healthy} of ${total} healthy here`,
        `See why: \`isthmus get endpoints --service ${service}\`.`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('services', 'SERVICE_OK', allHealthy(checked))];
}

/** What drills and standing orders do to traffic is as somebody wants it; who wonders where it went is told. */
function intended({ drills, effects }: CheckedParts): Finding[] {
  const reasons = new Set(effects.shifts.map(({ why }) => why));
  return drills.problems
    .map((problem) => fromError('services', problem))
    .concat(Array.from(reasons, (why) => ok('services', 'TRAFFIC_SHIFTED', `As ordered: ${why}`)));
}

function allHealthy(services: number): string {
  if (services === 0) return 'None is registered here';
  return `All endpoints of ${services === 1 ? 'the 1 service' : `${services} services`} here are healthy`;
}

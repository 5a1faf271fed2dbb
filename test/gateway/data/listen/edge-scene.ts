/** Owns gateways with listeners for clients from outside, for tests: TCP ports and an ingress in front of the data path's scene. */
import type { ExecutionContext } from 'ava';
import { readServerCertificate } from '../../../../certs/server-certificate.ts';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { keyPemOf, pemOf } from '../../../../certs/x509.ts';
import { systemClock } from '../../../../core/clock.ts';
import type { ErrorCode } from '../../../../core/errors.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseServiceName } from '../../../../core/names.ts';
import type {
  Credentials,
  IngressCredentials,
} from '../../../../gateway/data/listen/credentials.ts';
import { Edge } from '../../../../gateway/data/listen/edge.ts';
import type { IngressSpec } from '../../../../gateway/data/listen/ingress-spec.ts';
import type { Listener } from '../../../../gateway/data/listen/listen.ts';
import type { Forged } from '../../../certs/forge.ts';
import { until } from '../../../support/until.ts';
import type { Gateway } from '../request/scene.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

type Names = { readonly service: string };

export interface EdgeSceneSpec {
  /** A TCP listener to each of these services. */
  readonly tcp?: readonly string[];
  /** Of the TCP listeners; default false. */
  readonly proxyProtocol?: boolean;
  /** One ingress, where it is given. */
  readonly ingress?: Partial<Omit<IngressSpec, 'routes' | 'passthrough' | 'defaultService'>> & {
    readonly routes?: readonly (Names & { readonly host: string; readonly path?: string })[];
    readonly passthrough?: readonly (Names & { readonly host: string })[];
    readonly credentials?: IngressCredentials;
    readonly defaultService?: string;
  };
  /** The bundles of foreign trust domains; default none. */
  readonly foreign?: TrustStore;
}

const defaultIngress = {
  name: 'ingress',
  proxyProtocol: false,
  protocols: ['h2', 'http/1.1'],
  minVersion: 'TLSv1.2',
  handshakeMs: 10_000,
  clientCertificate: 'required',
  trustDomains: [],
  serviceNames: true,
} as const;

const noCredentials: IngressCredentials = { certificates: [], clientCa: undefined };

/** What is listened on, by `tcp.0`, `ingress.0` and so on. */
export interface RunningEdge {
  readonly addresses: Readonly<Record<string, string>>;
  readonly updateCredentials: Edge['updateCredentials'];
  drain(limitMs: number): Promise<void>;
}

/** Ends with the test. */
export async function startEdge(
  t: Pick<ExecutionContext, 'teardown'>,
  gateway: Gateway,
  { tcp = [], proxyProtocol = false, ingress, foreign = new TrustStore() }: EdgeSceneSpec,
): Promise<RunningEdge> {
  const {
    routes = [],
    passthrough = [],
    credentials = noCredentials,
    defaultService,
    ...rest
  } = ingress ?? {};
  const spec: IngressSpec = {
    ...defaultIngress,
    ...rest,
    defaultService: defaultService === undefined ? undefined : parseServiceName(defaultService),
    routes: routes.map(({ host, path = '/', service }) => ({
      host,
      path,
      service: parseServiceName(service),
    })),
    passthrough: passthrough.map(({ host, service }) => ({
      host,
      service: parseServiceName(service),
    })),
  };
  const edge = new Edge({
    spec: {
      tcp: tcp.map((service) => ({ service: parseServiceName(service), proxyProtocol })),
      ingress: ingress === undefined ? [] : [spec],
    },
    credentials: [credentials],
    proxy: gateway.proxy,
    services: gateway.routes,
    foreign,
    clock: systemClock,
    log: silentLog,
  });
  const listeners = new Map<string, Listener>();
  t.teardown(() => Promise.all([...listeners.values()].map((listener) => listener.close())));
  for (const i of tcp.keys()) listeners.set(`tcp.${i}`, await edge.startTcp(i, anyPort));
  if (ingress !== undefined) listeners.set('ingress.0', await edge.startIngress(0, anyPort));
  return {
    addresses: Object.fromEntries(Array.from(listeners, ([name, { address }]) => [name, address])),
    updateCredentials: (replaced) => edge.updateCredentials(replaced),
    async drain(limitMs) {
      await Promise.all([...listeners.values()].map((listener) => listener.drain(limitMs)));
    },
  };
}

/** Credentials of an ingress: certificates, the first of which is the default if that is said. */
export function credentialsOf(
  certificates: readonly Forged[],
  options: { readonly hasDefault?: boolean; readonly clientCa?: Forged } = {},
): IngressCredentials {
  const { hasDefault = false, clientCa } = options;
  return {
    certificates: certificates.map((forged, i) => ({
      ...credentialOf(forged),
      isDefault: hasDefault && i === 0,
    })),
    clientCa: clientCa && pemOf(clientCa.certificate.raw),
  };
}

function credentialOf({ certificate, key }: Forged): Credentials {
  const read = readServerCertificate(pemOf(certificate.raw), keyPemOf(key));
  return { ...read, hosts: read.dnsNames };
}

/** Waits until so many refusals with that code were counted. */
export async function refusals(gateway: Gateway, code: ErrorCode, count: number): Promise<void> {
  await until(`${count} x ${code}`, () => refused(gateway, code) === count);
}

export function refused({ proxy }: Gateway, code: ErrorCode): number {
  return proxy.recorder
    .snapshot()
    .refused.filter((series) => series.code === code)
    .reduce((sum, { requests }) => sum + requests, 0);
}

/** Waits until nothing is in flight any more. */
export async function quiet(gateway: Gateway): Promise<void> {
  await until('nothing to be in flight', () => gateway.proxy.recorder.snapshot().inFlight === 0);
}

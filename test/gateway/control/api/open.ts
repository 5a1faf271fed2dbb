/** Owns opening an admin API in tests over a gateway that only notes what it is asked to do, and asking it over real sockets. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { ExecutionContext } from 'ava';
import type { z } from 'zod';
import { systemClock } from '../../../../core/clock.ts';
import { createLog, silentLog } from '../../../../core/log.ts';
import { openAccess } from '../../../../gateway/control/api/access/listener-access.ts';
import type { Control } from '../../../../gateway/control/api/control.ts';
import type { AdminParts } from '../../../../gateway/control/api/parts.ts';
import {
  type AdminServerOptions,
  startAdminServer,
} from '../../../../gateway/control/api/server.ts';
import { Audit } from '../../../../gateway/control/audit/audit.ts';
import type { Registration } from '../../../../gateway/control/catalog/registration.ts';
import { adminSchema } from '../../../../gateway/control/config/admin.ts';
import { createJournal } from '../../../../gateway/control/events/journal.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** What the client trusts and proves itself with, where the API is behind TLS. */
  readonly tls?: ConnectionOptions;
}

/** What the routes were asked to do; anything a test does not expect to be reached is not there. */
export function recorder(more: Partial<Control> = {}) {
  const acts: unknown[][] = [];
  const control: Partial<Control> = {
    defaultZone: 'a',
    readiness: () => ({ ready: true, state: 'ready' }),
    clusters: () => [],
    services: async () => [],
    endpoint: () => undefined,
    onChange: () => () => {},
    async register(registration: Registration) {
      acts.push(['register', registration]);
      return {} as Awaited<ReturnType<Control['register']>>;
    },
    heartbeat(service, id) {
      acts.push(['heartbeat', service, id]);
      return { health: 'healthy', reason: 'fine' } as ReturnType<Control['heartbeat']>;
    },
    async deregister(...given) {
      acts.push(['deregister', ...given]);
    },
    async changeEndpoints(changes) {
      acts.push(['changeEndpoints', changes]);
      return {} as Awaited<ReturnType<Control['changeEndpoints']>>;
    },
    async endpoints(service) {
      acts.push(['endpoints', service]);
      return [];
    },
    explain(service, from, { without }) {
      acts.push(['explain', service, from, [...without]]);
      return {} as ReturnType<Control['explain']>;
    },
    async createToken({ ttlMs }) {
      acts.push(['createToken', ttlMs]);
      return {} as Awaited<ReturnType<Control['createToken']>>;
    },
    async leave(cluster, force, gateways) {
      acts.push(['leave', cluster, force, gateways]);
      return {} as Awaited<ReturnType<Control['leave']>>;
    },
    embeddedRegistry: async (action) => void acts.push(['registry', action]),
    ...more,
  };
  return { control: control as Control, acts };
}

/** The parts of a gateway that has nothing to show but its control. */
export function parts(control: Control) {
  const audit = new Audit({
    ...{ dataDir: '/nowhere', keep: { maxBytes: 1, maxAgeDays: 1 } },
    ...{ clock: systemClock, log: silentLog },
  });
  const noTraffic: AdminParts['traffic'] = {
    view: async () => ({ through: 120, boundsMs: [1], clusters: [], missing: [] }),
    own: () => ({ cluster: 'dc1', gateway: 'gateway-1', through: 120, boundsMs: [1], series: [] }),
  };
  return {
    control,
    traffic: noTraffic,
    journal: createJournal(systemClock),
    auditTrail: { audit, record: (entry) => audit.record(entry) },
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  } satisfies AdminParts;
}

export interface Opening
  extends Partial<
    Omit<AdminServerOptions, Exclude<keyof AdminParts, 'traffic'> | 'access' | 'log'>
  > {
  readonly control?: Partial<Control>;
  /** The `admin` part of the configuration, as it is written; paths are whole. */
  readonly admin?: z.input<typeof adminSchema>;
  readonly lines?: string[];
}

export async function open(t: Pick<ExecutionContext, 'teardown'>, options: Opening = {}) {
  const { control: more, lines, listen = '127.0.0.1:0', clock = systemClock, ...rest } = options;
  const { control, acts } = recorder(more);
  const log = lines
    ? createLog({ destination: { write: (line) => void lines.push(line) } })
    : silentLog;
  const made = parts(control);
  const admin = adminSchema.parse(options.admin ?? {});
  const server = await startAdminServer({
    listen,
    access: await openAccess({ listen, admin, baseDir: '/', clock, log }),
    requestsPerSecond: admin.requestsPerSecond,
    clock,
    ...made,
    ...rest,
    log,
  });
  t.teardown(() => server.close());
  const { address } = server;
  const target = address.startsWith('unix:')
    ? { socketPath: address.slice('unix:'.length), host: 'localhost' }
    : { host: '127.0.0.1', port: Number(address.split(':').at(-1)) };

  async function ask(
    path: string,
    { method = 'GET', headers = {}, body, tls }: Ask = {},
  ): Promise<Answer> {
    const isJson = body !== undefined && typeof body !== 'string';
    const sent = (tls ? secureRequest : request)({
      ...tls,
      ...target,
      agent: false,
      method,
      path,
      headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    });
    // A body over the limit is answered before it is all sent.
    sent.end(isJson ? JSON.stringify(body) : body);
    const [answer] = await once(sent, 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    const { statusCode: status, headers: fields } = answer;
    return { status, headers: fields, text, json: text === '' ? {} : JSON.parse(text) };
  }
  return { server, ask, acts, address, target, audit: made.auditTrail.audit, ...made };
}

/** Owns one check of one endpoint: a connection made anew, and what came of it. */
import { get as getPlain, type IncomingHttpHeaders } from 'node:http';
import { get as getSecure } from 'node:https';
import { connect, type LookupFunction } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import type { Probe } from '../../../policy/health-check.ts';
import { isServerPreface } from '../../data/wire/http2/server-preface.ts';
import { callHealth } from './grpc-health.ts';
import { openHttp2, unverified } from './http2-request.ts';
import { failed, type ProbeResult, type ProbeTarget } from './probe-result.ts';

type HttpProbe = Extract<Probe, { kind: 'http' }>;

/** Begins to ask, tells how it went, and returns what ends it. */
type Ask = (settle: (result: ProbeResult) => void) => () => void;

/** On a passing HTTP check: the endpoint takes traffic, but would rather not. */
const degradedField = 'x-isthmus-degraded';

const userAgent = 'isthmus-health';

/** Checks once. Never rejects: whatever goes wrong is an unhealthy result. */
export function probe(target: ProbeTarget, lookup: LookupFunction): Promise<ProbeResult> {
  const { timeoutMs } = target.check;
  return new Promise((resolve) => {
    let end = () => {};
    const settle = (result: ProbeResult) => {
      clearTimeout(timer);
      end();
      resolve(result);
    };
    const late = `No answer within ${timeoutMs} ms`;
    const timer = setTimeout(() => settle({ health: 'unhealthy', reason: late }), timeoutMs);
    end = askOf(target, lookup)(settle);
  });
}

/** The TLS that an endpoint is asked over: its service's; or as the check says, with whoever answers. */
type CheckTls = ServerTls | boolean;

function askOf(target: ProbeTarget, lookup: LookupFunction): Ask {
  const { check, tls: ofService } = target;
  const { probe: how } = check;
  if (ofService !== undefined && 'unusable' in ofService) {
    const reason = `It can't be asked over TLS: ${ofService.unusable}`;
    return (settle) => {
      settle({ health: 'unhealthy', reason });
      return () => {};
    };
  }
  if (how.kind === 'tcp') return (settle) => askTcp(target, ofService, lookup, settle);
  const tls = ofService ?? how.tls ?? false;
  if (how.kind === 'grpc') return (settle) => callHealth(target, how, tls, lookup, settle);
  return how.version === 2
    ? (settle) => askHttp2(target, how, tls, lookup, settle)
    : (settle) => askHttp1(target, how, tls, lookup, settle);
}

type Settle = Parameters<Ask>[0];

function askTcp(
  { address, port }: ProbeTarget,
  tls: ServerTls | undefined,
  lookup: LookupFunction,
  settle: Settle,
) {
  const where = { host: address, port, lookup };
  const socket = tls === undefined ? connect(where) : connectSecure({ ...where, ...tls });
  const reason = tls === undefined ? 'Accepts connections' : 'Accepts connections over TLS';
  const open = tls === undefined ? 'connect' : 'secureConnect';
  socket.on(open, () => settle({ health: 'healthy', reason }));
  socket.on('error', (error) => settle(failed(error)));
  return () => void socket.destroy();
}

function askHttp1(
  { address, port }: ProbeTarget,
  how: HttpProbe,
  tls: CheckTls,
  lookup: LookupFunction,
  settle: Settle,
) {
  const { path, host = formatAddress(address, port) } = how;
  const headers = { host, 'user-agent': userAgent, connection: 'close' };
  const where = { host: address, port, path, lookup, agent: false, headers } as const;
  const verified = typeof tls === 'object' ? tls : unverified(host);
  const request = tls ? getSecure({ ...where, ...verified }) : getPlain(where);
  request.on('error', (error) => settle(speaksHttp2(error) ? foreign : failed(error)));
  request.on('response', ({ statusCode = 0, headers }) => settle(judged(how, statusCode, headers)));
  return () => void request.destroy();
}

const foreign: ProbeResult = {
  health: 'unhealthy',
  reason: 'It answers in HTTP/2: check it with `version: 2`, or as `grpc`',
};

/** Node's parser hands over the octets that it could not read. */
function speaksHttp2(error: Error & { readonly rawPacket?: Buffer }): boolean {
  return error.rawPacket !== undefined && isServerPreface(error.rawPacket);
}

function askHttp2(
  { address, port }: ProbeTarget,
  how: HttpProbe,
  tls: CheckTls,
  lookup: LookupFunction,
  settle: Settle,
) {
  const { path, host = formatAddress(address, port) } = how;
  const place = { address, port, host, tls, lookup };
  const fields = { ':path': path, 'user-agent': userAgent };
  const { stream, end } = openHttp2(place, fields, (error) => settle(failed(error)));
  stream.on('response', (head) => settle(judged(how, head[':status'] ?? 0, head)));
  stream.end();
  return end;
}

function judged(
  { path, expect }: HttpProbe,
  status: number,
  fields: IncomingHttpHeaders,
): ProbeResult {
  const reason = `GET ${path} answers ${status}`;
  if (!expect.some(({ from, to }) => status >= from && status <= to)) {
    return { health: 'unhealthy', reason };
  }
  if (fields[degradedField] !== 'true') return { health: 'healthy', reason };
  return { health: 'degraded', reason: `${reason} with ${degradedField}` };
}

/** Owns one check of one endpoint: a connection made anew, and what came of it. */
import { get } from 'node:http';
import { connect, type LookupFunction } from 'node:net';
import { formatAddress } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import type { Check, Probe } from './check.ts';
import type { CheckedHealth } from './rise-fall.ts';

export interface ProbeResult {
  readonly health: CheckedHealth;
  /** Why, as a sentence without a trailing period. */
  readonly reason: string;
}

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly check: Check;
}

/** On a passing HTTP check: the endpoint takes traffic, but would rather not. */
const degradedField = 'x-isthmus-degraded';

/** Checks once. Never rejects: whatever goes wrong is an unhealthy result. */
export function probe(target: ProbeTarget, lookup: LookupFunction): Promise<ProbeResult> {
  const { probe: how } = target.check;
  return how.kind === 'http' ? probeHttp(target, how, lookup) : probeTcp(target, lookup);
}

function probeTcp(target: ProbeTarget, lookup: LookupFunction): Promise<ProbeResult> {
  const { address, port, check } = target;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, lookup });
    const settle = (result: ProbeResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => settle(tooLate(check.timeoutMs)), check.timeoutMs);
    socket.on('connect', () => settle({ health: 'healthy', reason: 'Accepts connections' }));
    socket.on('error', (error) => settle(failed(error)));
  });
}

function probeHttp(
  { address, port, check: { timeoutMs } }: ProbeTarget,
  { path, host = formatAddress(address, port), expect }: Extract<Probe, { kind: 'http' }>,
  lookup: LookupFunction,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const request = get({
      host: address,
      port,
      path,
      lookup,
      agent: false,
      headers: { host, 'user-agent': 'isthmus-health', connection: 'close' },
    });
    const settle = (result: ProbeResult) => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => settle(tooLate(timeoutMs)), timeoutMs);
    request.on('error', (error) => settle(failed(error)));
    request.on('response', ({ statusCode = 0, headers }) => {
      const expected = expect.some(({ from, to }) => statusCode >= from && statusCode <= to);
      const reason = `GET ${path} answers ${statusCode}`;
      if (!expected) settle({ health: 'unhealthy', reason });
      else if (headers[degradedField] !== 'true') settle({ health: 'healthy', reason });
      else settle({ health: 'degraded', reason: `${reason} with ${degradedField}` });
    });
  });
}

function tooLate(timeoutMs: number): ProbeResult {
  return { health: 'unhealthy', reason: `No answer within ${timeoutMs} ms` };
}

function failed(error: Error): ProbeResult {
  return { health: 'unhealthy', reason: messageOf(error) };
}

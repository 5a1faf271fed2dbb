/** Owns asking a gRPC server for its health: `grpc.health.v1.Health/Check`, in the few octets that it takes. */
import type { LookupFunction } from 'node:net';
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import type { Probe } from '../../../policy/health-check.ts';
import { openHttp2 } from './http2-request.ts';
import { failed, type ProbeResult, type ProbeTarget } from './probe-result.ts';

/** `HealthCheckResponse.ServingStatus`. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** An answer is seven octets; more than this is none. */
const maxAnswer = 64;

/** Both messages have one field, of number 1. */
const stringField = 0x0a;
const enumField = 0x08;

/** Tells how it went, once or more often. Returns what ends it. */
export function callHealth(
  { address, port }: Pick<ProbeTarget, 'address' | 'port'>,
  { service, host = formatAddress(address, port) }: Extract<Probe, { kind: 'grpc' }>,
  tls: boolean | ServerTls,
  lookup: LookupFunction,
  settle: (result: ProbeResult) => void,
): () => void {
  const fields = {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'isthmus-health',
  };
  const place = { address, port, host, tls, lookup };
  const { stream, end } = openHttp2(place, fields, (error) => settle(failed(error)));
  const fails = (reason: string) => settle({ health: 'unhealthy', reason });
  const judgeStatus = (status: unknown, message: unknown) => {
    if (status === undefined || status === '0') return;
    const why = message === undefined ? '' : `: ${decoded(String(message))}`;
    fails(`Health/Check ends with gRPC status ${status}${why}`);
  };
  let answer = Buffer.alloc(0);
  stream.on('response', (head) => {
    if (head[':status'] === 200) judgeStatus(head['grpc-status'], head['grpc-message']);
    else fails(`Health/Check answers ${head[':status']}`);
  });
  stream.on('data', (piece: Buffer) => {
    if (answer.length <= maxAnswer) answer = Buffer.concat([answer, piece]);
  });
  stream.on('trailers', (fields) => judgeStatus(fields['grpc-status'], fields['grpc-message']));
  stream.on('end', () => {
    const status = statuses[servingStatus(answer)];
    if (status === 'SERVING') settle({ health: 'healthy', reason: 'Health/Check says SERVING' });
    else
      fails(status === undefined ? 'Health/Check answers nonsense' : `Health/Check says ${status}`);
  });
  stream.end(requestFor(service));
  return end;
}

/** Status-Message is percent-encoded; what is not well so is shown as it came. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** `HealthCheckRequest { string service = 1; }`, framed as gRPC frames messages: uncompressed, with its length. */
function requestFor(service: string): Buffer {
  const name = Buffer.from(service);
  const tag = name.length === 0 ? [] : [stringField, ...varint(name.length)];
  const message = Buffer.concat([Buffer.from(tag), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A number under 16384 as a varint. */
function varint(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, n >> 7];
}

/** The status in `HealthCheckResponse { ServingStatus status = 1; }`, in which 0 is left out; -1: this is no such message. */
function servingStatus(answer: Buffer): number {
  if (answer.length < 5 || answer[0] !== 0 || answer.readUInt32BE(1) !== answer.length - 5)
    return -1;
  if (answer.length === 5) return 0;
  return answer.length === 7 && answer[5] === enumField ? (answer[6] ?? -1) : -1;
}

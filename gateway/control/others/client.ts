/** Owns asking another gateway's admin API, for JSON or for octets, in this gateway's own name. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { GatewayAgent, GatewayRequestArgs } from './agent.ts';
import { encodeForwarded, inOwnName, principalHeader } from './forwarded.ts';
import type { OtherGateway } from './other-gateway.ts';

const timeoutMs = 3_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Resolves to the JSON a gateway of `cluster` answers with, at one of its addresses, within `withinMs`, default 3 s. Throws PEER_UNREACHABLE. */
export async function askGateway(
  agent: GatewayAgent,
  other: OtherGateway,
  path: string,
  withinMs = timeoutMs,
): Promise<unknown> {
  try {
    return await answered(requestTo(agent, other, path, AbortSignal.timeout(withinMs)));
  } catch (cause) {
    throw unanswered(other, path, cause);
  }
}

/**
 * Reads what a gateway answers with, as far as it comes within `withinMs` of the head, and resolves to its size and to how long it took from the head
 * on, by a monotonic clock. Throws PEER_UNREACHABLE.
 */
export async function readGateway(
  agent: GatewayAgent,
  other: OtherGateway,
  path: string,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<{ readonly bytes: number; readonly ms: number }> {
  const aborter = new AbortController();
  const cancel = clock.after(timeoutMs + withinMs, () => aborter.abort());
  try {
    const response = await headOf(requestTo(agent, other, path, aborter.signal));
    if (response.statusCode !== 200) throw new Error(await refusalIn(response));
    const began = clock.monotonic();
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (clock.monotonic() - began >= withinMs) break;
    }
    return { bytes, ms: clock.monotonic() - began };
  } catch (cause) {
    throw unanswered(other, path, cause);
  } finally {
    cancel();
  }
}

function requestTo(
  agent: GatewayAgent,
  { cluster, address, otherwise = [] }: OtherGateway,
  path: string,
  signal: AbortSignal,
): ClientRequest {
  const args: GatewayRequestArgs = {
    agent,
    host: cluster,
    federationAddresses: [address, ...otherwise],
    path,
    headers: { [principalHeader]: encodeForwarded(inOwnName) },
    signal,
  };
  return request(args);
}

function unanswered({ cluster, address }: OtherGateway, path: string, cause: unknown) {
  return new IsthmusError('PEER_UNREACHABLE', {
    what: `A gateway of ${cluster} does not answer: ${messageOf(cause)}`,
    where: `${address} ${path}`,
    cause,
  });
}

function headOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject).end();
  });
}

/** The code of a problem, where that is what was answered. */
async function refusalIn(response: IncomingMessage): Promise<string> {
  const text = await readText(response);
  const code = /"code":\s*"([A-Z_]+)"/.exec(text.slice(0, 10_000))?.[1];
  return `it answers with ${code ?? response.statusCode}`;
}

async function answered(outgoing: ClientRequest): Promise<unknown> {
  const response = await headOf(outgoing);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) throw new Error(`its answer is over ${maxAnswerBytes} bytes`);
    pieces.push(piece);
  }
  if (response.statusCode !== 200) throw new Error(`it answers with ${response.statusCode}`);
  return JSON.parse(Buffer.concat(pieces).toString());
}

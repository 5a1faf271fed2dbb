/** Owns asking another gateway's admin API for JSON, in this gateway's own name. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { GatewayAgent, GatewayRequestArgs } from './agent.ts';
import { encodeForwarded, principalHeader } from './forwarded.ts';

const timeoutMs = 3_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Resolves to the JSON a gateway of `cluster` answers with, at one of its addresses. Throws PEER_UNREACHABLE. */
export async function askGateway(
  agent: GatewayAgent,
  { cluster, address }: { readonly cluster: string; readonly address: string },
  path: string,
): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const args: GatewayRequestArgs = {
      agent,
      host: cluster,
      federationAddress: address,
      path,
      headers: { [principalHeader]: encodeForwarded({ name: 'gateway', role: 'viewer' }) },
      signal,
    };
    return await answered(request(args));
  } catch (cause) {
    throw new IsthmusError('PEER_UNREACHABLE', {
      what: `A gateway of ${cluster} does not answer: ${messageOf(cause)}`,
      where: `${address} ${path}`,
      cause,
    });
  }
}

async function answered(outgoing: ClientRequest): Promise<unknown> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject).end();
  });
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

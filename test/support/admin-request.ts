/** Owns asking a gateway's admin API in tests by plain HTTP: any method, header and body, whatever comes back, streams too. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { GatewayProcess } from './gateway-process.ts';
import { until } from './until.ts';

export interface AdminAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AdminAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends one request to the gateway's admin API. */
export async function adminRequest(
  gateway: GatewayProcess,
  path: string,
  ask: AdminAsk = {},
): Promise<AdminAnswer> {
  const response = await respond(gateway, path, ask);
  const text = await readText(response);
  const { statusCode: status = 0, headers } = response;
  const isJson = /json/.test(headers['content-type'] ?? '');
  return { status, headers, text, json: isJson && text !== '' ? JSON.parse(text) : {} };
}

async function respond(
  gateway: GatewayProcess,
  path: string,
  { method = 'GET', headers, body }: AdminAsk,
): Promise<IncomingMessage> {
  const { address } = gateway.api;
  if (address.kind !== 'unix') throw new Error('a gateway under test has a unix socket');
  const outgoing = request({
    socketPath: address.path,
    host: 'localhost',
    agent: false,
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

interface StreamMessage {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A reader of the live stream. */
export class StreamReader {
  readonly messages: StreamMessage[] = [];
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      const frames = (rest + piece).split('\n\n');
      rest = frames.pop() ?? '';
      this.messages.push(...frames.flatMap(parseFrame));
    });
    response.on('error', () => {}); // The end that a test makes.
  }

  static async open(gateway: GatewayProcess, path: string, headers = {}): Promise<StreamReader> {
    return new StreamReader(await respond(gateway, path, { headers }));
  }

  get ended(): boolean {
    return this.#response.destroyed || this.#response.readableEnded;
  }

  /** The first message that fits, once it is there. */
  next(what: string, fits: (message: StreamMessage) => boolean): Promise<StreamMessage> {
    return until(what, () => this.messages.find(fits));
  }

  close(): void {
    this.#response.destroy();
  }
}

function parseFrame(frame: string): StreamMessage[] {
  const field = (name: string) =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const event = field('event');
  return event === undefined
    ? []
    : [{ id: field('id'), event, data: JSON.parse(field('data') ?? '{}') }];
}

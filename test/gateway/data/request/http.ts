/** Owns how data path tests speak HTTP: through real curl, or byte by byte over a socket. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Runs curl, which must succeed, and reads its answer. */
export async function curl(...args: readonly string[]): Promise<Answer> {
  const env = { ...process.env, NO_PROXY: '', no_proxy: '' };
  const { stdout } = await run('curl', ['-sS', '-i', '--max-time', '20', ...args], {
    env,
    maxBuffer: 8 << 20,
  });
  return parse(stdout);
}

/** Asks the gateway at `url` for a host's path. */
export function ask(url: string, host: string, ...args: readonly string[]): Promise<Answer> {
  return curl('-H', `Host: ${host}`, ...args, url);
}

/**
 * Asks the gateway at `url` for a host and calls `heard` whenever a piece of the body is here. Resolves to the whole of it;
 * rejects when it breaks off.
 */
export async function askInPieces(url: string, host: string, heard: () => void): Promise<string> {
  const [response] = await once(
    request(url, { headers: { host }, agent: false }).end(),
    'response',
  );
  let body = '';
  for await (const piece of response.setEncoding('utf8')) {
    body += piece;
    heard();
  }
  return body;
}

/** Writes exactly `text` and reads until the other side closes; `heard` is called with what has been read so far. */
export function raw(
  url: string,
  text: string,
  heard: (received: string) => void = () => {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial(url);
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
      heard(received);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}

export function dial(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

function parse(text: string): Answer {
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const body = rest.slice(end + 4);
    const status = Number(first.split(' ')[1]);
    // An interim answer, such as 100, comes before the one that counts.
    if (status >= 200) {
      const headers = lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      });
      return { status, headers: Object.fromEntries(headers), body };
    }
    rest = body;
  }
}

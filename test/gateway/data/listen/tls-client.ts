/** Owns how ingress tests speak TLS: real curl that believes the tests' authority, and sockets of node:tls. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { pemOf } from '../../../../certs/x509.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import type { Answer } from '../request/http.ts';

type Scope = Pick<ExecutionContext, 'teardown'>;

/** What curl made of it: an answer, or why there was none. */
type CurlResult =
  | (Answer & { readonly kind: 'answer'; readonly version: string })
  | { readonly kind: 'failed'; readonly code: number; readonly said: string };

export class TlsClient {
  readonly folder: PemFolder;
  readonly #t: Scope;
  readonly #address: { readonly host: string; readonly port: string };
  #caPath: string | undefined;

  /** Goes to `address`, whatever host it asks for. */
  constructor(t: Scope, folder: PemFolder, address: string) {
    this.#t = t;
    this.folder = folder;
    const colon = address.lastIndexOf(':');
    this.#address = { host: address.slice(0, colon), port: address.slice(colon + 1) };
  }

  get port(): string {
    return this.#address.port;
  }

  /** `https://<host>:<port><path>` by curl, which verifies the certificate unless told otherwise. */
  async curl(hostAndPath: string, ...args: readonly string[]): Promise<CurlResult> {
    const slash = hostAndPath.indexOf('/');
    const host = slash < 0 ? hostAndPath : hostAndPath.slice(0, slash);
    const path = slash < 0 ? '/' : hostAndPath.slice(slash);
    const { host: address, port } = this.#address;
    this.#caPath ??= await this.folder.ca();
    const own = ['-sS', '-i', '--max-time', '20', '--path-as-is', '--cacert', this.#caPath];
    const resolve = ['--resolve', `${host}:${port}:${address}`];
    return run([...own, ...resolve, ...args, `https://${host}:${port}${path}`]);
  }

  /** A TLS connection, made and verified. */
  async connect(servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = this.open(servername, options);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** What is answered to octets that need not be TLS, until the connection is closed. */
  async raw(octets: Uint8Array): Promise<Buffer> {
    const { host, port } = this.#address;
    const socket = connectTcp({ host, port: Number(port) });
    this.#t.teardown(() => socket.destroy());
    socket.write(octets);
    const answer: Buffer[] = [];
    for await (const piece of socket) answer.push(piece);
    return Buffer.concat(answer);
  }

  /** A TLS connection that is being made; destroyed with the test. */
  open(servername: string, options: ConnectionOptions = {}): TLSSocket {
    const { host, port } = this.#address;
    const ca = pemOf(this.folder.authority.certificate.raw);
    const socket = connect({ host, port: Number(port), servername, ca, ...options });
    this.#t.teardown(() => socket.destroy());
    return socket;
  }
}

export async function pemFolder(t: Scope): Promise<PemFolder> {
  return new PemFolder(await tempDir(t));
}

function run(args: readonly string[]): Promise<CurlResult> {
  const env = { ...process.env, NO_PROXY: '', no_proxy: '' };
  return new Promise((resolve) => {
    execFile('curl', args, { env, maxBuffer: 8 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(parse(stdout));
      else resolve({ kind: 'failed', code: Number(error.code), said: stderr.trim() });
    });
  });
}

function parse(text: string): CurlResult {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const [version = '', status] = first.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    kind: 'answer',
    version,
    status: Number(status),
    headers: Object.fromEntries(headers),
    body: text.slice(end + 4),
  };
}

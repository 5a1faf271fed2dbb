/** Owns the embedded registry as its host sees it: a single-node etcd in a thread, over one file. */
import { Worker } from 'node:worker_threads';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { AutoCompact } from './compactor.ts';
import type { NodeOptions, ServerIdentity, TrustedDomain } from './node.ts';
import type { FromThread, Request, ToThread } from './protocol.ts';

export type { SharedFolder } from './auth.ts';
export type { ServerIdentity, TrustedDomain } from './node.ts';

export interface EmbeddedRegistryOptions {
  /** SQLite file; made when missing. One process at a time can have it open. */
  readonly file: string;
  /** `host:port`; port 0 picks a free one. Without `tls`, loopback only. */
  readonly listen: string;
  /** With it the registry speaks mutual TLS and knows its peers; without it everybody is the host. */
  readonly tls?: ServerIdentity;
  /** Roots of the host's and the members' trust domains. */
  readonly trust?: readonly TrustedDomain[];
  /** The trust domain that may do anything; required with `tls`. */
  readonly hostTrustDomain?: string;
  readonly autoCompact?: AutoCompact;
  readonly log: Log;
}

export interface EmbeddedRegistry {
  /** `host:port` it listens on. */
  readonly address: string;
  /** New connections see this certificate. Rejects with CERT_INVALID and keeps the old one. */
  setIdentity(identity: ServerIdentity): Promise<void>;
  /** Replaces whom it trusts. Peers whose root is gone are cut at once. */
  setTrust(domains: readonly TrustedDomain[]): Promise<void>;
  /** Ends every connection and closes the file. */
  close(): Promise<void>;
  /** Ends its thread as a crash would. */
  kill(): Promise<void>;
  /** Resolves with why, should the thread die by itself; never after `close`. Nothing acknowledged is lost. */
  readonly died: Promise<IsthmusError>;
}

/**
 * Starts the registry in a thread of its own, so that neither its disk nor its load holds up its host.
 * Rejects with PORT_IN_USE, CONFIG_INVALID, CERT_INVALID, REGISTRY_FILE_LOCKED, REGISTRY_FILE_CORRUPT or FILE_UNREADABLE.
 */
export async function startEmbeddedRegistry(
  options: EmbeddedRegistryOptions,
): Promise<EmbeddedRegistry> {
  const { log, ...workerData } = options;
  if (options.tls !== undefined && options.hostTrustDomain === undefined) {
    throw new IsthmusError('CONFIG_INVALID', {
      what: 'An embedded registry with TLS needs the trust domain of its host',
    });
  }
  const thread = new RegistryThread(workerData, log);
  try {
    const address = await thread.ask({ kind: 'start' });
    return {
      address,
      died: thread.died,
      setIdentity: async (identity) => void (await thread.ask({ kind: 'set-identity', identity })),
      setTrust: async (domains) => void (await thread.ask({ kind: 'set-trust', domains })),
      close: () => thread.close(),
      kill: () => thread.kill(),
    };
  } catch (thrown) {
    await thread.kill();
    throw thrown;
  }
}

interface Pending {
  resolve(result: string): void;
  reject(error: IsthmusError): void;
}

/** A thread that has not ended by itself within this hangs: nothing is read there, and it may be terminated. */
const endsWithinMs = 2000;
/** For what is young, in MiB: it works in bursts, and the room that workers get would rest most of the time. */
const youngMiB = 6;

class RegistryThread {
  readonly #thread: Worker;
  readonly #log: Log;
  readonly #pending = new Map<number, Pending>();
  readonly died: Promise<IsthmusError>;
  readonly #ended: Promise<void>;
  #nextId = 0;
  #closing: Promise<void> | undefined;
  #exited = false;

  constructor(options: NodeOptions, log: Log) {
    this.#log = log;
    this.#thread = new Worker(new URL('thread.ts', import.meta.url), {
      name: 'registry',
      workerData: options,
      // The host's own flags may not fit a second module, and none is needed.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
    });
    this.#thread.on('message', (message: FromThread) => this.#receive(message));
    this.#ended = new Promise((resolve) => {
      this.#thread.on('exit', () => resolve());
    });
    this.died = new Promise((resolve) => {
      let cause: unknown;
      this.#thread.on('error', (error) => {
        cause = error;
      });
      this.#thread.on('exit', (exitCode) => {
        this.#exited = true;
        const what = `The embedded registry stopped (exit code ${exitCode})`;
        const error =
          cause === undefined ? new IsthmusError('INTERNAL', { what }) : asIsthmusError(cause);
        for (const { reject } of this.#pending.values()) reject(error);
        this.#pending.clear();
        if (this.#closing === undefined) resolve(error);
      });
    });
  }

  async ask(request: Request): Promise<string> {
    if (this.#exited) {
      throw new IsthmusError('REGISTRY_UNAVAILABLE', { what: 'The embedded registry has stopped' });
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const message: ToThread = { ...request, id };
      this.#thread.postMessage(message);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#exited) return;
    await this.ask({ kind: 'close' });
    await this.#thread.terminate();
  }

  kill(): Promise<void> {
    this.#closing = this.#kill();
    return this.#closing;
  }

  /**
   * The thread is asked to end. Terminated while its HTTP/2 reads a request it would take the process with it: Node.js (26.10, stream_base.cc) checks that a
   * stream has a reader, and the code that gives it one does not run any more.
   */
  async #kill(): Promise<void> {
    if (this.#exited) return;
    // Whatever it has not answered rejects as it exits.
    this.ask({ kind: 'kill' }).catch(() => undefined);
    const hung = setTimeout(() => void this.#thread.terminate(), endsWithinMs);
    await this.#ended;
    clearTimeout(hung);
  }

  #receive(message: FromThread): void {
    if (message.kind === 'log') {
      this.#relay(message.line);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'done') pending?.resolve(message.result);
    else pending?.reject(new IsthmusError(message.code, message));
  }

  /** The thread's lines become the host's, with its fields and level. */
  #relay(line: string): void {
    const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const write = level === 'error' || level === 'warn' || level === 'debug' ? level : 'info';
    this.#log[write](fields, String(msg));
  }
}

/** Owns one worker thread as the control side sees it: started, told, asked, ended, and why it ended. */
import { Worker } from 'node:worker_threads';
import { asIsthmusError, IsthmusError, messageOf } from '../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { LinkStatus } from '../../data/link/cluster-links.ts';
import type { Observed } from '../../data/observe/observed.ts';
import type {
  EndpointName,
  FromWorker,
  Request,
  RequestKind,
  Requests,
  Results,
  ToWorker,
  Update,
  WorkerStart,
} from '../../data/worker/protocol.ts';
import { WorkerCounters } from './counters.ts';

interface WorkerThreadOptions {
  readonly start: WorkerStart;
  /** Most that the worker's objects may take, in MiB: at that it ends, and only it. */
  readonly heapMb: number;
  onLink(cluster: ClusterName, status: LinkStatus): void;
  /** A gateway of a cluster that the worker waits to connect to has connected to it. */
  onAlive(cluster: ClusterName): void;
  /** Observations of requests, beside the counts. */
  onObserved(observed: Observed): void;
  onUsed(service: ServiceName): void;
  onEjected(endpoint: EndpointName): void;
  /** The thread has ended; called once. Undefined when that was asked for. */
  onEnd(error: IsthmusError | undefined): void;
}

interface Pending {
  resolve(result: never): void;
  reject(error: IsthmusError): void;
}

export class WorkerThread {
  readonly index: number;
  readonly counters = new WorkerCounters();
  readonly #worker: Worker;
  readonly #options: WorkerThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #state: 'running' | 'ending' | 'ended' = 'running';
  /** Why it ends, where that is known before it has ended. */
  #cause: IsthmusError | undefined;

  constructor(options: WorkerThreadOptions) {
    this.#options = options;
    this.index = options.start.worker.index;
    this.#worker = new Worker(new URL('../../data/worker/main.ts', import.meta.url), {
      name: `data ${this.index}`,
      workerData: options.start,
      // The gateway's own flags may not fit a second thread, and none is needed.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (thrown) => {
      this.#cause = died(this.index, messageOf(thrown), thrown);
    });
    this.#worker.on('exit', (exitCode) => this.#ended(exitCode));
  }

  update(update: Update): void {
    this.#post({ kind: 'update', update });
  }

  /** Rejects with what the worker answers, or with WORKER_DIED when it ends before it does. */
  ask<K extends RequestKind>(kind: K, request: Requests[K]): Promise<Results[K]> {
    if (this.#state === 'ended') return Promise.reject(died(this.index, 'it has ended before'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#post({ kind: 'request', id, request: { kind, ...request } as Request });
    });
  }

  /** Ends it where it stands, `because` of what it is taken for dead; in good order when nothing is said. */
  async terminate(because?: IsthmusError): Promise<void> {
    if (because) this.#cause = because;
    else if (this.#state === 'running') this.#state = 'ending';
    await this.#worker.terminate();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'link') this.#options.onLink(message.cluster, message.status);
    else if (message.kind === 'alive') this.#options.onAlive(message.cluster);
    else if (message.kind === 'observed') this.#options.onObserved(message.observed);
    else if (message.kind === 'used') this.#options.onUsed(message.service);
    else if (message.kind === 'ejected') this.#options.onEjected(message);
    else if (message.kind === 'done') this.#settled(message.id)?.resolve(message.result as never);
    else if (message.kind === 'failed') {
      this.#settled(message.id)?.reject(new IsthmusError(message.code, message));
    } else this.counters.note(message);
  }

  #settled(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #ended(exitCode: number): void {
    const asked = this.#state === 'ending' && this.#cause === undefined;
    this.#state = 'ended';
    const error = this.#cause ?? died(this.index, `it exited with ${exitCode}`);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#options.onEnd(asked ? undefined : error);
  }
}

function died(index: number, why: string, thrown?: unknown): IsthmusError {
  const cause = thrown === undefined ? undefined : asIsthmusError(thrown);
  return new IsthmusError('WORKER_DIED', {
    what: `Worker ${index} ended: ${why}`,
    cause: cause?.cause ?? cause,
  });
}

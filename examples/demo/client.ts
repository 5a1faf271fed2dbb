/** Owns the demo's steady client: a fixed rate of requests to one gateway, and what became of each. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** One finished request. Times are monotonic milliseconds. */
export interface Sample {
  readonly sentAt: number;
  readonly doneAt: number;
  readonly ok: boolean;
  /** Cluster that served it, as the gateway says; undefined when it failed. */
  readonly cluster: string | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly cluster: string | undefined;
  readonly body: string;
}

interface SteadyClientOptions {
  /** The gateway's outbound listener. */
  readonly port: number;
  readonly host: string;
  readonly perSecond: number;
  onSample(sample: Sample): void;
}

/**
 * Sends GET requests at a fixed rate whatever the answers (an open loop), so that slow answers are not
 * hidden by asking less. `stop` waits for those in flight.
 */
export class SteadyClient {
  readonly #options: SteadyClientOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #sent = 0;

  constructor(options: SteadyClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startedAt) / 1000) * this.#options.perSecond;
      while (this.#sent < due) this.#send();
    }, 5);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
  }

  #send(): void {
    this.#sent++;
    const sentAt = performance.now();
    const done = this.#exchange().then(
      (answer) =>
        this.#record(sentAt, answer.status === 200 ? undefined : refusal(answer), answer.cluster),
      (error: Error) => this.#record(sentAt, error.message, undefined),
    );
    this.#inFlight.add(done);
    void done.finally(() => this.#inFlight.delete(done));
  }

  #record(sentAt: number, error: string | undefined, cluster: string | undefined): void {
    const ok = error === undefined;
    this.#options.onSample({
      sentAt,
      doneAt: performance.now(),
      ok,
      cluster: ok ? cluster : undefined,
      error,
    });
  }

  #exchange(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { port, host } = this.#options;
      const call = request(
        {
          host: '127.0.0.1',
          port,
          path: '/',
          headers: { host },
          agent: this.#agent,
          timeout: 15_000,
        },
        (response) => {
          text(response).then(
            (body) =>
              resolve({
                status: response.statusCode ?? 0,
                cluster: response.headers['x-isthmus-cluster'] as string | undefined,
                body,
              }),
            reject,
          );
        },
      );
      call.on('timeout', () => call.destroy(new Error('no answer in 15 s')));
      call.on('error', reject);
      call.end();
    });
  }
}

/** A gateway's refusal, in a line. */
function refusal({ status, body }: Answer): string {
  try {
    const { code, detail } = JSON.parse(body) as { code?: string; detail?: string };
    return `${status} ${code}: ${detail}`;
  } catch {
    return `status ${status}`;
  }
}

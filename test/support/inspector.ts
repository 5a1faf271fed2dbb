/** Owns the debugger's way into a process under test: code run in its main thread, or in one of its workers. */
import { once } from 'node:events';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface AttachedWorker {
  readonly sessionId: string;
  /** The title ends with the name the worker was started under. */
  readonly workerInfo: { readonly title: string };
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, (message: Message) => void>();
  readonly #workers: AttachedWorker[] = [];
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  /** `url` is what a process started with `--inspect` says it listens on. */
  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const inspector = new Inspector(socket);
    await inspector.#send('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return inspector;
  }

  close(): void {
    this.#socket.close();
  }

  /** Runs code in the main thread; resolves when it has run. */
  async run(expression: string): Promise<void> {
    await this.#send('Runtime.evaluate', { expression });
  }

  /** Has code run in the worker of that name; waits for nothing. */
  async runInWorker(name: string, expression: string): Promise<void> {
    const worker = this.#workers.findLast(({ workerInfo }) => workerInfo.title.endsWith(name));
    if (worker === undefined) throw new Error(`there is no worker ${name}`);
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
    await this.#send('NodeWorker.sendMessageToWorker', { sessionId: worker.sessionId, message });
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, ({ result, error }) =>
        error ? reject(new Error(error.message)) : resolve(result),
      );
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#pending.get(message.id)?.(message);
      this.#pending.delete(message.id);
    } else if (message.method === 'NodeWorker.attachedToWorker') {
      this.#workers.push(message.params as unknown as AttachedWorker);
    }
  }
}

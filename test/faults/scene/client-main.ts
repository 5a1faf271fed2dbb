/** Owns the process of a datacenter's client: it asks at a constant rate, whatever the answers, and notes what became of each request. Its argument is a `ClientPlan`. */
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Asked, Method } from '../ledger.ts';
import { served } from './helper.ts';
import { now } from './now.ts';

export interface ClientPlan {
  readonly datacenter: string;
  /** The gateways of its datacenter, by name: where they take requests, and the socket at which they say whether they are ready. */
  readonly gateways: Readonly<Record<string, { readonly address: string; readonly admin: string }>>;
  /** Each is asked as often as the others. */
  readonly services: readonly string[];
  readonly perSecond: Readonly<Record<Method, number>>;
}

/** Longer than a gateway waits for an answer: who says why a request failed is the gateway. */
const patienceMs = 40_000;
const connectMs = 1_000;
/** A gateway that has answered nothing for so long, though it was asked, is asked no more while there is another one. */
const silentMs = 1_000;
/** How often a gateway that could not be reached is asked whether it is ready, as balancers do. */
const readyEveryMs = 250;
/** Every so many requests one has a connection of its own. */
const freshEvery = 5;

const plan: ClientPlan = JSON.parse(process.argv[2] ?? '{}');

/** A gateway, as its client sees it. */
class Way {
  readonly gateway: string;
  readonly host: string;
  readonly port: number;
  /** Shorter than the gateway keeps connections that rest, so that it closes none under a request. */
  readonly agent = new Agent({ keepAlive: true, timeout: 50_000 });
  /** When each of the requests was sent that wait. */
  readonly waiting = new Map<string, number>();
  heardAt = 0;
  readonly #admin: string;
  /** It could not be reached, and has not said since that it is ready. */
  #isOut = false;

  constructor(gateway: string, { address, admin }: { address: string; admin: string }) {
    const [host = '', port] = address.split(':');
    this.#admin = admin;
    this.gateway = gateway;
    this.host = host;
    this.port = Number(port);
  }

  /** Whether it is asked no more while there is another one. */
  get isLast(): boolean {
    return this.#isOut || this.#isSilent;
  }

  notReached(): void {
    if (this.#isOut) return;
    this.#isOut = true;
    const looking = setInterval(async () => {
      if (!(await this.#isReady())) return;
      this.#isOut = false;
      clearInterval(looking);
    }, readyEveryMs);
  }

  #isReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const options = { socketPath: this.#admin, path: '/readyz', timeout: readyEveryMs };
      const look = get(options, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      look.on('timeout', () => look.destroy());
      look.on('error', () => resolve(false));
    });
  }

  get #isSilent(): boolean {
    const [oldest] = this.waiting.values();
    return oldest !== undefined && now() - Math.max(oldest, this.heardAt) > silentMs;
  }
}

const ways = Object.entries(plan.gateways).map(([name, at]) => new Way(name, at));
const inFlight = new Set<Promise<void>>();
let asked: Asked[] = [];
let sent = 0;
let timers: NodeJS.Timeout[] = [];

function start(): void {
  timers = Object.entries(plan.perSecond).map(([method, perSecond]) => {
    const startedAt = now();
    let due = 0;
    return setInterval(() => {
      for (; due < ((now() - startedAt) / 1000) * perSecond; due++) send(method as Method);
    }, 5);
  });
}

function send(method: Method): void {
  const number = ++sent;
  const id = `${method}-${plan.datacenter}-${number}`;
  const service = plan.services[number % plan.services.length] ?? '';
  const done = ask(id, method, service, number % freshEvery === 0, number).then((one) => {
    asked.push(one);
  });
  inFlight.add(done);
  void done.finally(() => inFlight.delete(done));
}

/** The gateways in turn; one that is silent, or not ready, comes last. */
function order(number: number): readonly Way[] {
  // Services alternate with each request: each gateway is asked for all of them.
  const turn = Math.floor(number / plan.services.length);
  const turned = ways.map((_, i) => ways[(turn + i) % ways.length] as Way);
  return turned.toSorted((a, b) => Number(a.isLast) - Number(b.isLast));
}

async function ask(
  id: string,
  method: Method,
  service: string,
  isFresh: boolean,
  number: number,
): Promise<Asked> {
  const common = { id, method, from: plan.datacenter, service, sentAt: now() };
  let error = 'no gateway';
  let gateway = '';
  for (const way of order(number)) {
    gateway = way.gateway;
    way.waiting.set(id, now());
    try {
      const cluster = await exchange(way, id, method, service, isFresh);
      return { ...common, gateway, doneAt: now(), cluster };
    } catch (thrown) {
      error = (thrown as Error).message;
      // Who was not connected has asked nothing: it tries the next address, as clients do.
      if (!(thrown instanceof NotConnected)) break;
      way.notReached();
    } finally {
      way.waiting.delete(id);
    }
  }
  return { ...common, gateway, doneAt: now(), error };
}

class NotConnected extends Error {}

/** The cluster that answered. */
function exchange(way: Way, id: string, method: Method, service: string, isFresh: boolean) {
  return new Promise<string>((resolve, reject) => {
    const { host, port } = way;
    const headers = { host: `${service}.shop.acme` };
    const agent = isFresh ? false : way.agent;
    const call = request({
      host,
      port,
      method,
      path: `/r/${id}`,
      headers,
      agent,
      timeout: patienceMs,
    });
    let isConnected = false;
    const late = setTimeout(() => {
      if (!isConnected) call.destroy(new NotConnected(`not connected in ${connectMs} ms`));
    }, connectMs);
    call.on('socket', (socket) => {
      isConnected = !socket.connecting;
      if (isConnected) return;
      socket.once('connect', () => {
        isConnected = true;
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer in ${patienceMs} ms`)));
    call.on('error', (error) => {
      clearTimeout(late);
      reject(isConnected ? error : new NotConnected(error.message));
    });
    call.on('response', (response: IncomingMessage) => {
      clearTimeout(late);
      way.heardAt = now();
      const { statusCode, headers: said } = response;
      text(response).then((body) => {
        if (statusCode === 200) resolve(String(said['x-isthmus-cluster']));
        else reject(new Error(`${statusCode} ${body.slice(0, 300)}`));
      }, reject);
    });
    call.end(method === 'POST' ? id : undefined);
  });
}

served({
  start,
  /** What has become of requests since it was asked last. */
  take: () => {
    const taken = asked;
    asked = [];
    return taken;
  },
  /** Sends no more; answers once nothing is in flight. */
  rest: async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(inFlight);
  },
});

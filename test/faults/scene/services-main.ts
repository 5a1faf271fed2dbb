/** Owns the process of a datacenter's services and of its names: it notes each request that it executes. Its argument is a `ServicesPlan`. */
import { createServer } from 'node:http';
import { NameServer } from '../../support/name-server.ts';
import { served } from './helper.ts';

export interface ServicesPlan {
  readonly datacenter: string;
  readonly address: string;
  /** One port for each instance. */
  readonly ports: readonly number[];
  /** Addresses by name. */
  readonly names: Readonly<Record<string, string>>;
}

/** Seconds. Short, so that a name is asked for again within each fault. */
const ttl = 2;

const plan: ServicesPlan = JSON.parse(process.argv[2] ?? '{}');
let executed: string[] = [];

for (const port of plan.ports) {
  const server = createServer((request, response) => {
    request.resume();
    const [, id] = /^\/r\/(.+)$/.exec(request.url ?? '') ?? [];
    if (id !== undefined) executed.push(id);
    response.end(`${plan.datacenter}:${port}`);
  });
  // Connections that rest are the gateway's to close.
  server.keepAliveTimeout = 120_000;
  server.listen(port, plan.address);
}

const names = await NameServer.start({ teardown: () => {} }, { address: plan.address, port: 53 });
for (const [name, address] of Object.entries(plan.names)) {
  names.records.set(name, { addresses: [address], ttl });
}

served({
  /** What was executed since it was asked last, each time once. */
  take: () => {
    const taken = executed;
    executed = [];
    return taken;
  },
});

/** Owns what comes after the demo with `--keep`: everything runs on under calm traffic, and the watcher is told what to try. */
import { SteadyClient } from './client.ts';
import type { Screen } from './screen.ts';
import { adminOf, federation, type Stage } from './stage.ts';
import { writeWords } from './words.ts';

/** The loads by cluster and service, in requests a second: enough to see traffic move, and to judge a drill by. */
const loads = [
  ['dc1', 'orders', 40],
  ['dc1', 'payments', 10],
  ['dc2', 'orders', 20],
  ['dc3', 'payments', 10],
] as const;

/** In a clone npx finds it; where it is installed, npx would look for a package of that name elsewhere. */
const command = import.meta.url.includes('/node_modules/') ? 'isthmus' : 'npx isthmus';

/** Starts the clients, and returns what ends them. */
export function calmTraffic(stage: Stage): () => Promise<void> {
  const clients = loads.map(
    ([dc, service, perSecond]) =>
      new SteadyClient({
        port: stage.dc(dc).outbound,
        host: `${service}.shop.${federation}`,
        perSecond,
        onSample() {},
      }),
  );
  for (const client of clients) client.start();
  return async () => {
    await Promise.all(clients.map((client) => client.stop()));
  };
}

/** Resolves at Ctrl-C. */
export async function keepRunning(stage: Stage, screen: Screen): Promise<void> {
  const end = calmTraffic(stage);
  screen.say(tips(stage, await writeWords(stage)));
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
  await end();
}

function tips(stage: Stage, words: string): string {
  const host = `orders.shop.${federation}`;
  const dc1 = stage.dc('dc1');
  const url = adminOf(dc1);
  const admin = `--admin ${url}`;
  const places = stage.datacenters.map(
    (dc) => `  ${dc.name}  proxy http://127.0.0.1:${dc.outbound}  admin ${adminOf(dc)}`,
  );
  return `
Everything keeps running, with clients in each datacenter, until Ctrl-C.

  Open ${url}/ in a browser: the admin UI, seen from dc1

${places.join('\n')}

Lose dc1 on purpose, for half a minute, within guardrails:

  in the UI   ${url}/drills/new?kind=evacuate&cluster=dc1&ramp=5s&duration=20s
  by command  ${command} drill run evacuate --cluster dc1 --ramp 5s --duration 20s ${admin}
  by curl     curl ${url}/v1/drills -H 'content-type: application/json' \\
                -d '{"kind":"evacuate","scope":{"cluster":"dc1"},"ramp":"5s","duration":"20s"}'
              curl -N ${url}/v1/drills/ID/timeline
              curl '${url}/v1/drills/ID/report?format=md'

Walk through the policies of docs/policies.md, in a shell of which this is the first line:

  . ${words}

Look around:

  http_proxy=http://127.0.0.1:${dc1.outbound} curl http://${host}/
  ${command} get clusters ${admin}
  ${command} explain orders.shop --from dc1 --without dc1 ${admin}
  ${command} check ${admin}
  curl ${url}/openapi.json; curl ${url}/metrics; curl ${url}/v1/services
  logs and configurations: ${stage.dir}
`;
}

/** Specifies that the attacks of slowhttptest cost nobody else a request: slow heads, slow bodies, slow reading, many ranges. */
import { stripVTControlCharacters } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { withHosts } from '../support/hosts.ts';
import { startOrigin } from '../support/origin.ts';
import { run } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
let clusters: TwoClusters;

test.before('a service in dc2 reads uploads to their end, and has 200 kB to read', async () => {
  const body = Buffer.alloc(200_000, 'isthmus ');
  const origin = await startOrigin(shared, (request, response) => {
    // Uploads that are cut off are the test's own doing.
    request.on('error', () => {});
    request.resume().on('end', () => response.end(body));
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }]);
});

const attacks = {
  'slow heads': ['-H', '-x', '10'],
  'slow bodies': ['-B', '-s', '8192', '-x', '10'],
  'slow reading': ['-X', '-w', '1', '-y', '512', '-n', '2', '-z', '16', '-k', '3'],
  'ranges that overlap': ['-R'],
};

// One after the other: four at a time are more than the origin, in this process, can take beside other tests.
for (const [title, mode] of Object.entries(attacks)) {
  test.serial(`${title}, over 500 connections: everybody else is served`, async (t) => {
    const load = new SteadyLoad(clusters.dc1);
    t.teardown(() => load.stop());
    const { port } = new URL(urlOf(clusters.dc1));
    const [program, ...args] = await withHosts(
      t,
      [host],
      [
        ...['slowhttptest', ...mode, '-u', `http://${host}:${port}/`],
        // Connections, of them a second, seconds between pieces, seconds altogether and to wait for a probe.
        ...['-c', '500', '-r', '250', '-i', '1', '-l', '6', '-p', '3'],
      ],
    );
    const { stdout, stderr } = await run(program, args);
    const said = stripVTControlCharacters(stdout);
    t.regex(said, /Exit status: *(Hit test time limit|No open connections left)/, stderr);
    const probes = [...said.matchAll(/service available: +(\w+)/g)].map(([, answer]) => answer);
    t.true(probes.length > 0);
    t.true(
      probes.every((answer) => answer === 'YES'),
      probes.join(' '),
    );
    t.deepEqual(await load.stop(), []);
    t.true(load.samples.length > 50);
  });
}

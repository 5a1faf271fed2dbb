/** Specifies what links to clusters that can't be reached cost, on a clock moved by hand: few tries, however many there are, and soon where there is reason to hope. */
import test from 'ava';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseClusterName } from '../../../../core/names.ts';
import { LinkBoard } from '../../../../gateway/control/workers/link-board.ts';
import { Links } from '../../../../gateway/data/link/links.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { seeded } from '../balance/scenes.ts';

/** Links of so many workers to so many clusters, all of whose addresses refuse; what they say of them goes the way that it does in a gateway. */
function unreachable(clusters: number, workers = 1) {
  const clock = new ManualClock();
  const board = new LinkBoard(clock);
  const dials: string[] = [];
  const pools = Array.from({ length: workers }, () => {
    const links = new Links({
      clock,
      random: seeded(1),
      log: silentLog,
      resolve: () => Promise.reject(new Error('no names here')),
      dial: (address) => {
        dials.push(address);
        return Promise.reject(new Error('refused'));
      },
    });
    links.onChange((cluster, status) => board.note(links, cluster, status));
    board.serves(links);
    return links;
  });
  /** Each worker leaves to the first what that can't reach. */
  const spread = () => {
    const { scout, clusters: left } = board.scouting;
    for (const links of pools) links.leave(links === scout ? [] : left);
  };
  const remotes = Array.from({ length: clusters }, (_, n) => ({
    cluster: parseClusterName(`far-${n}`),
    trustDomain: parseTrustDomain(`far-${n}.acme`),
    gateways: [{ private: [], public: [`10.0.0.${n + 1}:7443`] }],
  }));
  for (const links of pools) links.update(remotes);
  /** How many dials there are in so many seconds. */
  const pass = async (seconds: number): Promise<number> => {
    const before = dials.length;
    for (let ms = 0; ms < seconds * 1_000; ms += 50) {
      clock.advance(50);
      // What was refused is told in a later turn.
      await new Promise(setImmediate);
      spread();
    }
    return dials.length - before;
  };
  const [links] = pools as [Links];
  return { links, pools, board, dials, pass };
}

test('four workers try no more often than one does: the first for all', async (t) => {
  const { dials, pass } = unreachable(99, 4);
  await pass(90);
  const tries = await pass(60);
  t.true(tries < 400, `${tries}`);
  dials.length = 0;
  await pass(31);
  t.is(new Set(dials).size, 99);
});

test('the worker that tries for all ends: the next tries all at once, and from then on in its place', async (t) => {
  const { links, board, dials, pass } = unreachable(99, 2);
  await pass(90);
  links.close();
  board.forget(links);
  dials.length = 0;
  await pass(0.05);
  t.is(new Set(dials).size, 99);
  await pass(90);
  const tries = await pass(60);
  t.true(tries > 150 && tries < 400, `${tries}`);
});

test('a cluster gives a sign of life: links to it that leave trying to another worker try at once', async (t) => {
  const { pools, dials, pass } = unreachable(99, 2);
  await pass(90);
  dials.length = 0;
  const cluster = parseClusterName('far-7');
  t.true(pools[1]?.hurry(cluster));
  t.deepEqual(dials, ['10.0.0.8:7443', '10.0.0.8:7443']);
});

test('a cluster that connects to us again and again hurries our tries once a second', async (t) => {
  const { links, pass } = unreachable(1);
  await pass(90);
  const cluster = parseClusterName('far-0');
  t.true(links.heard(cluster));
  await pass(0.5);
  t.false(links.heard(cluster));
  await pass(0.5);
  t.true(links.heard(cluster));
});

test('99 clusters that refuse are tried under 400 times a minute all together, each within half a minute', async (t) => {
  const { dials, pass } = unreachable(99);
  await pass(90);
  const tries = await pass(60);
  t.true(tries < 400, `${tries}`);
  dials.length = 0;
  await pass(31);
  t.is(new Set(dials).size, 99);
});

test('one that refuses is tried again within five seconds', async (t) => {
  const { pass } = unreachable(1);
  await pass(60);
  t.true((await pass(6)) > 0);
});

test('a cluster whose gateway says that it was started is tried at once, and the others are not', async (t) => {
  const { links, dials, pass } = unreachable(99);
  await pass(90);
  dials.length = 0;
  links.refresh(parseClusterName('far-7'));
  t.deepEqual(dials, ['10.0.0.8:7443', '10.0.0.8:7443']);
});

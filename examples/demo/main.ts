/** Owns the demo: three datacenters on this machine, failing and recovering under steady traffic. */
import { acts, play } from './acts.ts';
import { type Sample, SteadyClient } from './client.ts';
import { keepRunning } from './keep.ts';
import type { ActResult, Score } from './score.ts';
import { resultTable, Screen } from './screen.ts';
import { federation, Stage } from './stage.ts';

interface DemoOptions {
  /** Leave everything running at the end, and say what to try. */
  readonly keep: boolean;
  /** Print one JSON object on standard output; the story goes to standard error. */
  readonly json: boolean;
}

const host = `orders.shop.${federation}`;
const perSecond = 200;

/** Plays the demo. Resolves to its exit code: 0 only when no request failed and traffic went where it should. */
export async function run(options: DemoOptions): Promise<number> {
  const startedAt = performance.now();
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  screen.say('Isthmus: three datacenters on this machine, one federation');
  const stage = await Stage.build((line) => screen.say(`  ${line}`));
  const stop = () => {
    void stage.tearDown().then(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const firstRequestMs = await firstRequest(stage, startedAt);
    screen.say(`  first request routed ${(firstRequestMs / 1000).toFixed(1)} s after the start`);
    const results = await playAll(stage, screen);
    const passed = results.every(({ requests, failed }) => requests > 0 && failed === 0);
    report(screen, results, passed);
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ passed, firstRequestMs, acts: results })}\n`);
    }
    if (options.keep) await keepRunning(stage, screen);
    return passed ? 0 : 1;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await stage.tearDown();
  }
}

async function firstRequest(stage: Stage, startedAt: number): Promise<number> {
  const response = await new Promise<Sample>((resolve) => {
    const client = new SteadyClient({
      port: stage.dc('dc1').outbound,
      host,
      perSecond: 100,
      onSample: (sample) => {
        void client.stop();
        resolve(sample);
      },
    });
    client.start();
  });
  if (!response.ok) throw new Error(`the first request failed: ${response.error}`);
  return Math.round(response.doneAt - startedAt);
}

async function playAll(stage: Stage, screen: Screen): Promise<ActResult[]> {
  let score: Score | undefined;
  const client = new SteadyClient({
    port: stage.dc('dc1').outbound,
    host,
    perSecond,
    onSample: (sample) => score?.samples.push(sample),
  });
  screen.say(`\na client in dc1 asks for http://${host}/ ${perSecond} times a second`);
  client.start();
  const results: ActResult[] = [];
  for (const [i, act] of acts.entries()) {
    const result = await play(act, stage, (running) => {
      score = running;
      screen.beginAct(act, i + 1, acts.length, running, stage.datacenters);
    });
    if (score) screen.endAct(score, stage.datacenters);
    results.push(result);
  }
  await client.stop();
  return results;
}

function report(screen: Screen, results: readonly ActResult[], passed: boolean): void {
  screen.say(`\n${resultTable(results)}\n`);
  for (const { name, errors } of results) {
    for (const [error, count] of Object.entries(errors)) screen.say(`${name}: ${count} x ${error}`);
  }
  const total = results.reduce((sum, { requests }) => sum + requests, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  screen.say(
    passed
      ? `${total} requests, none failed: instances, a gateway and the registry died meanwhile`
      : `${failed} of ${total} requests failed`,
  );
}

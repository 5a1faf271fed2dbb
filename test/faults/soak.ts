/** Owns `npm run test:soak`: faults at random for as long as is asked, and gateways that take no more at the end than at the beginning. */
import { parseArgs } from 'node:util';
import { buildWhatIsMissing } from '../../build/missing.ts';
import { seeded } from '../support/random.ts';
import { whyNot } from './ground.ts';
import { Looks } from './looks.ts';
import { play } from './play.ts';
import { lineOf } from './report.ts';
import { rows } from './rows.ts';
import { Stage } from './stage.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } },
});

const reason = whyNot();
if (reason === undefined) await main(wholeNumber('minutes'), chosenSeed());
else console.log(`The soak is skipped: ${reason}`);

function wholeNumber(option: 'minutes' | 'seed'): number {
  const number = Number(values[option]);
  if (Number.isInteger(number) && number >= 0) return number;
  console.error(`--${option} takes a whole number.`);
  process.exit(2);
}

function chosenSeed(): number | undefined {
  return values.seed === undefined ? undefined : wholeNumber('seed');
}

async function main(minutes: number, seed: number | undefined): Promise<void> {
  await buildWhatIsMissing();
  process.env['ISTHMUS_SOURCE'] = '0';
  const random = seeded(seed);
  console.log(`${minutes} minutes of faults by --seed ${random.seed}`);
  // Others would have the scene built anew: no process would be looked at for long.
  const played = rows.filter(({ registry, spoils }) => registry !== 'embedded' && !spoils);
  const stage = new Stage();
  const looks = new Looks();
  const failures: string[] = [];
  let requests = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stage.clear(true).finally(() => process.exit(1)));
  }
  const endsAt = performance.now() + minutes * 60_000;
  try {
    const scene = await stage.scene('etcd');
    await looks.take(scene);
    while (performance.now() < endsAt && failures.length === 0) {
      const row = played[random.below(played.length)];
      if (row === undefined) throw new Error('there are no faults to play');
      const one = await play(scene, row);
      console.log(lineOf(one));
      requests += one.requests;
      failures.push(...one.faults.map((fault) => `${row.name}: ${fault}`));
      await looks.take(scene);
    }
  } finally {
    await stage.clear(failures.length === 0);
  }
  console.log(`\n${requests} requests.`);
  for (const { process: name, said, isGrowing } of looks.verdicts()) {
    console.log(`${name}: ${said}`);
    if (isGrowing) failures.push(`${name} grows`);
  }
  console.log(failures.length === 0 ? 'Nothing was lost.' : failures.join('\n'));
  if (failures.length > 0) process.exitCode = 1;
}

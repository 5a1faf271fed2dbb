/** Owns the comparison with other proxies: one run, side by side. Run: `npm run bench -- [--quick] [--json FILE] [--only SCENARIO]`; `npm run bench -- idle` is `idle.ts`, and `-- warm` is `warm.ts`, and `--only scale` is in `scale/`. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { scratch, withCleanup } from './cluster.ts';
import { measureIdle } from './idle.ts';
import { machine } from './machine.ts';
import { pinLoad, pinned } from './proxies/cores.ts';
import { credentials } from './proxies/credentials.ts';
import { startUpstream } from './proxies/nginx.ts';
import { otherVersions, preparePrograms } from './proxies/packages.ts';
import { fullPlan, quickPlan } from './proxies/plan.ts';
import { watchOthers } from './proxies/quiet.ts';
import { json, ratioOf, ratios, table } from './proxies/report.ts';
import { type Outcomes, Rounds, type Scenario } from './proxies/rounds.ts';
import { handshake } from './proxies/scenarios/handshake.ts';
import { idlePlain, idleTls } from './proxies/scenarios/idle.ts';
import {
  bulk,
  churn,
  grpc,
  oneHop,
  oneHopVaried,
  policies,
  twoGateways,
} from './proxies/scenarios/requests.ts';
import { slowClients } from './proxies/scenarios/slow-clients.ts';
import { smallBesideBulk } from './proxies/scenarios/small-beside-bulk.ts';
import { measureScale } from './scale/scale.ts';
import { measureWarm } from './warm.ts';

const scenarios: readonly Scenario[] = [
  oneHop,
  oneHopVaried,
  policies,
  churn,
  twoGateways,
  bulk,
  smallBesideBulk,
  grpc,
  handshake,
  slowClients,
  idlePlain,
  idleTls,
];

if (process.argv[2] === 'idle') {
  await measureIdle();
  process.exit();
}
if (process.argv[2] === 'warm') {
  await measureWarm(Number(process.argv[3] ?? 5));
  process.exit();
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
if (values.only?.includes('scale')) {
  await measureScale(values.quick, values.json);
  process.exit();
}
const chosen = chooseScenarios(values.only);
const plan = values.quick ? quickPlan : fullPlan;

preparePrograms();
pinLoad();
await withCleanup(async (signal) => {
  const rounds = new Rounds(plan, await layGround());
  const where = { description: machine(), pinned, ...otherVersions(), plan };
  console.log(`${where.description}; nginx ${where.nginx}, HAProxy ${where.haproxy}`);
  console.log(`${pinned ? 'proxies on core 0, load and upstream on core 1' : 'one core for all'}`);
  const results = new Map<string, Outcomes>();
  const otherPrograms: Record<string, number> = {};
  for (const scenario of chosen) {
    const others = watchOthers();
    try {
      const outcomes = await rounds.of(scenario);
      results.set(scenario.name, outcomes);
      console.log(`\n${table(scenario, outcomes)}`);
      otherPrograms[scenario.name] = Number(others().toFixed(2));
      console.log(`  other programs meanwhile: ${otherPrograms[scenario.name]} cores`);
    } catch (thrown) {
      if (signal.aborted) return;
      // The others can still be measured.
      console.error(`\n${scenario.name} failed:`, thrown);
      process.exitCode = 1;
    }
  }
  await rounds.end();
  console.log('\nIsthmus over the others:');
  for (const ratio of ratios) {
    const value = ratioOf(ratio, results);
    if (value !== null) console.log(`  ${ratio.name}: ${value.toFixed(2)}`);
  }
  if (values.json) {
    await writeFile(
      values.json,
      `${JSON.stringify(json({ ...where, otherProgramsCores: otherPrograms }, results), null, 2)}\n`,
    );
  }
});

async function layGround() {
  const dir = await scratch();
  return {
    dir,
    upstream: await startUpstream(dir),
    a: await credentials(dir, 'a.bench'),
    b: await credentials(dir, 'b.bench'),
  };
}

function chooseScenarios(names: readonly string[] | undefined): readonly Scenario[] {
  for (const name of names ?? []) {
    if (scenarios.some((scenario) => scenario.name === name)) continue;
    console.error(`There is no scenario ${name}: ${scenarios.map((one) => one.name).join(' ')}`);
    process.exit(64);
  }
  return scenarios.filter(({ name, takesTime }) =>
    names === undefined ? !(values.quick && takesTime) : names.includes(name),
  );
}

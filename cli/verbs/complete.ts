/** Owns `isthmus __complete`: what completion scripts ask for names that only a gateway or the configuration file knows. */

import type { DrillSummary } from '../../federation/drills/model.ts';
import type {
  ClusterItem,
  Items,
  PolicyItem,
  ServiceItem,
} from '../../gateway/control/api/answers.ts';
import type { ScheduleItem } from '../../gateway/control/drills/schedules.ts';
import type { Cli } from '../cli.ts';
import { liveKinds } from '../completion/places.ts';
import { readConfigFile } from '../config-file.ts';
import { configPath } from '../config-path.ts';
import { listedKinds } from '../policy-kinds.ts';
import { choice, type Verb } from '../verb.ts';

/** Somebody waits with a finger on the Tab key. */
const timeoutMs = 1000;

/** Shells get plain names only, whatever a gateway answers. */
const plain = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/;

export function completeVerb(program: Verb, cli: Cli): void {
  program
    .command('__complete', { hidden: true })
    .argument('<kind>')
    .action(async (kind: string) => {
      const names = await namesOf(cli, choice('kind', kind, liveKinds));
      for (const name of names.filter((name) => plain.test(name))) {
        cli.io.stdout.write(`${name}\n`);
      }
    });
}

async function namesOf(cli: Cli, kind: string): Promise<readonly string[]> {
  if (kind === 'contexts') {
    return Object.keys((await readConfigFile(configPath(cli.io.env))).contexts);
  }
  const admin = await cli.admin(timeoutMs);
  if (kind === 'clusters') {
    const { items } = await admin.get<Items<ClusterItem>>('/v1/clusters');
    return items.map(({ cluster }) => cluster);
  }
  if (kind === 'drills') {
    const { items } = await admin.get<Items<DrillSummary>>('/v1/drills');
    return items.map(({ id }) => id);
  }
  if (kind === 'schedules') {
    const { items } = await admin.get<Items<ScheduleItem>>('/v1/drill-schedules');
    return items.map(({ name }) => name);
  }
  const policies = listedKinds.find(({ plural }) => plural === kind);
  if (policies !== undefined) {
    const { items } = await admin.get<Items<PolicyItem>>(`/v1/${kind}`);
    return items.map(policies.nameOf);
  }
  const { items } = await admin.get<Items<ServiceItem>>('/v1/services');
  return items.map(({ service }) => service);
}

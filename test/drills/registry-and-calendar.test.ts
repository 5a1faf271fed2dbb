/** Specifies drills without the registry, and those that the calendar starts, over real gateways. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { DrillSummary } from '../../federation/drills/model.ts';
import type { ScheduleItem } from '../../gateway/control/drills/schedules.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { becomes, inForce, startDrill } from './scene.ts';

const scope = sharedScope(test);
const lossy = { kind: 'lose-registry', ramp: '0s', duration: '60s' } as const;
const brief = { kind: 'evacuate', scope: { cluster: 'dc2' }, ramp: '0s', duration: '1s' } as const;
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  ({ dc1, dc2, dc3 } = await federate(scope, { dc1: {}, dc2: {}, dc3: {} }));
});

async function registryAt({ gateway }: Cluster): Promise<string> {
  return (await gateway.status()).registry.kind;
}

async function allBecome(kind: string, clusters: readonly Cluster[]): Promise<void> {
  for (const cluster of clusters) {
    await until(`${cluster.name} to find the registry ${kind}`, async () => {
      return (await registryAt(cluster)) === kind;
    });
  }
}

test.serial(
  'the registry is lost everywhere: every gateway goes on by what it knows, nothing fails, and nobody is taken for dead',
  async (t) => {
    const load = new SteadyLoad(dc1);
    await load.servedBy(dc1);
    const { id } = await startDrill(dc1, lossy);
    await inForce(dc1, id);
    await allBecome('unavailable', [dc1, dc2, dc3]);
    // Traffic still finds its way round what fails.
    await dc1.killInstances();
    await load.servedBy(dc2, dc3);
    await dc1.startInstances();
    await load.servedBy(dc1);
    await t.throwsAsync(startDrill(dc2, { ...brief }), { code: 'DRILL_CONFLICT' } as object);
    await dc3.gateway.isthmusOk(['drill', 'abort', id]);
    await allBecome('connected', [dc1, dc2, dc3]);
    const { report } = await becomes(dc1, id, 'aborted');
    t.is(report?.during.errors, 0, JSON.stringify(report?.during));
    t.deepEqual(await load.stop(), []);
  },
);

test.serial(
  'one cluster alone loses the registry: only it is cut off, and it comes back',
  async (t) => {
    const { id } = await startDrill(dc3, { ...lossy, scope: { cluster: 'dc2' }, duration: '2s' });
    await inForce(dc3, id);
    await allBecome('unavailable', [dc2]);
    t.is(await registryAt(dc1), 'connected');
    t.is(await registryAt(dc3), 'connected');
    await becomes(dc1, id, 'done');
    await allBecome('connected', [dc2]);
  },
);

test.serial(
  'a schedule starts its drill at its times, and tells why it does not when one goes on',
  async (t) => {
    const path = '/v1/drill-schedules/often';
    const made = await dc2.gateway.api.send<ScheduleItem>('PUT', path, {
      cron: '* * * * * *',
      spec: brief,
    });
    t.true((made.nextRun ?? 0) > made.at);
    const scheduled = async () => {
      const drills = await dc1.gateway.items<DrillSummary>('/v1/drills');
      return drills.find(({ schedule }) => schedule === 'often');
    };
    const drill = await until('a drill to be started by the calendar', scheduled);
    t.deepEqual(drill.driver, { cluster: 'dc2', gateway: 'gateway-1' });
    await until('it to be told that the next one was not started', async () => {
      const events = await dc2.gateway.items<{ readonly what: string }>('/v1/events');
      return events.some(({ what }) =>
        /^The scheduled drill often was not started: .* goes on/.test(what),
      );
    });
    await dc2.gateway.api.send('DELETE', path);
    await becomes(dc1, drill.id, 'done');
    t.deepEqual(await dc2.gateway.items('/v1/drill-schedules'), []);
  },
);

test.serial(
  'a schedule that a blackout covers starts nothing; one that nobody understands is refused',
  async (t) => {
    const path = '/v1/drill-schedules/never';
    const blackouts = [{ from: '00:00', until: '24:00' }];
    const made = await dc1.gateway.api.send<ScheduleItem>('PUT', path, {
      ...{ cron: '* * * * * *', blackouts, spec: brief },
    });
    t.is(made.nextRun, undefined);
    for (const wrong of [
      { cron: 'now and then' },
      { cron: '* * * * *', timeZone: 'Europe/Atlantis' },
    ]) {
      await t.throwsAsync(dc1.gateway.api.send('PUT', path, { ...wrong, spec: brief }), {
        code: 'BODY_INVALID',
      } as object);
    }
    t.is((await dc1.gateway.api.get<ScheduleItem>(path)).schedule.cron, '* * * * * *');
    await dc1.gateway.api.send('DELETE', path);
    await until('the schedule to be gone', async () => {
      const { items } = await dc1.gateway.api.get<{ items: ScheduleItem[] }>('/v1/drill-schedules');
      return items.length === 0;
    });
    await t.throwsAsync(dc1.gateway.api.get(path), { code: 'SCHEDULE_NOT_FOUND' } as object);
  },
);

test.serial(
  'a schedule is set, read, edited and deleted by command, never over a change that was not seen',
  async (t) => {
    const run = (args: string[]) => dc1.gateway.isthmus(args);
    const file = join(await tempDir(t), 'weekly.yaml');
    await writeFile(file, 'cron: 0 3 * * sun\nspec: { kind: evacuate, scope: { cluster: dc2 } }\n');
    const made = await run(['drill', 'schedule', 'set', 'weekly', '-f', file, '--new']);
    t.regex(
      made.stdout,
      /^set schedule weekly: evacuate cluster dc2, next run \d{4}-\d\d-\d\d 03:00:00Z\n$/,
    );
    t.regex(
      (await run(['drill', 'schedule', 'set', 'weekly', '-f', file, '--new'])).stderr,
      /one already/,
    );
    const printed = (await run(['drill', 'schedule', 'get', 'weekly', '-o', 'yaml'])).stdout;
    await writeFile(file, printed.replace('0 3 * * sun', '0 4 * * sun'));
    t.regex((await run(['drill', 'schedule', 'set', 'weekly', '-f', file])).stdout, /04:00:00Z/);
    const late = await run(['drill', 'schedule', 'set', 'weekly', '-f', file]);
    t.regex(
      late.stderr,
      /^error PRECONDITION_FAILED: The schedule was set again at .*weekly\.yaml\)/,
    );
    t.regex(
      (await run(['drill', 'schedule', 'list'])).stdout,
      /weekly +dc1 +evacuate cluster dc2 +0 4 \* \* sun/,
    );
    const gone = await run(['drill', 'schedule', 'delete', 'weekly']);
    t.is(gone.stdout, 'deleted schedule weekly: evacuate cluster dc2, 0 4 * * sun\n');
    const none = await run(['drill', 'schedule', 'get', 'weekly']);
    t.regex(none.stderr, /^error SCHEDULE_NOT_FOUND: .*\n {2}fix: .*isthmus drill schedule list/);
    t.is(none.code, 4);
  },
);

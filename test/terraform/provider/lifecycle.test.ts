/** Specifies the provider with the real Terraform and real gateways: what is declared is made, kept, changed and deleted, and nothing else. */
import { join } from 'node:path';
import ava from 'ava';
import type { EndpointItem } from '../../../gateway/control/api/answers.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { sharedScope } from '../../support/shared.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { terraformOnPath, terraformTest } from '../../support/terraform.ts';
import { Configuration } from '../../support/terraform-configuration.ts';

const test = terraformTest(ava.serial);
const scope = sharedScope(ava);
const started = terraformOnPath() ? start() : undefined;

/** Two gateways that know nothing of each other, and a configuration. */
async function start() {
  const dir = await tempDir(scope);
  const [gateway, other] = await Promise.all([startGateway(dir, 'dc1'), startGateway(dir, 'dc2')]);
  return { gateway, other, terraform: await Configuration.prepare(scope, provider(gateway)) };
}

async function startGateway(dir: string, cluster: string): Promise<GatewayProcess> {
  const registry = { embedded: { listen: '127.0.0.1:0' } };
  const gateway = await GatewayProcess.prepare(scope, join(dir, cluster), { cluster, registry });
  await gateway.start();
  return gateway;
}

async function given() {
  const all = await started;
  if (all === undefined) throw new Error('Terraform is not on the path');
  return all;
}

/** A provider's block; with an alias for any but the first. */
function provider(gateway: GatewayProcess, alias?: string): string {
  const called = alias === undefined ? '' : `\n  alias   = "${alias}"`;
  return `provider "isthmus" {\n  address = "unix:${gateway.adminSocket}"${called}\n}\n`;
}

const schedule = (cron: string) => `
resource "isthmus_drill_schedule" "weekly" {
  name = "weekly"
  cron = "${cron}"
  spec = {
    kind     = "evacuate"
    scope    = { service = "orders.shop" }
    duration = "2m"
  }
  depends_on = [isthmus_endpoint.a]
}
`;

/** One of the other gateway's cluster. */
const theirs = `
resource "isthmus_drill_schedule" "theirs" {
  provider = isthmus.dc2
  name     = "theirs"
  cron     = "0 5 * * 1"
  spec     = { kind = "evacuate", scope = { cluster = "dc2" } }
}
`;

const endpoint = (id: string, more = '', label = 'a') => `
resource "isthmus_endpoint" "${label}" {
  namespace = "shop"
  service   = "orders"
  id        = "${id}"
  address   = "127.0.0.1"
  port      = 9
  ttl       = "60s"
  check     = { tcp = true, interval = "60000ms" }
  ${more}
}
`;

const endpointPath = (id: string) => `/v1/services/shop/orders/endpoints/${id}`;
const schedulePath = '/v1/drill-schedules/weekly';

const providers = ({ gateway, other }: Awaited<ReturnType<typeof given>>) =>
  provider(gateway) + provider(other, 'dc2');
const ports =
  'ports = [{ name = "grpc", port = 10, protocol = "grpc" }, { name = "admin", port = 11 }]';
const declared = schedule('0 3 * * 1') + endpoint('a1', ports);

test('what is declared is made, with the defaults of the API, and then nothing is left to do', async (t) => {
  const all = await given();
  const { terraform, gateway } = all;
  await terraform.write(providers(all) + declared);
  const { code, diagnostics } = await terraform.apply();
  t.is(code, 0, JSON.stringify(diagnostics));
  const made = await gateway.api.get<EndpointItem>(endpointPath('a1'));
  const { weight, ttl, check } = made;
  t.deepEqual({ weight, ttl, interval: check?.interval }, { weight: 1, ttl: '1m', interval: '1m' });
  t.deepEqual(
    made.ports?.map(({ name, protocol }) => [name, protocol]),
    [
      ['grpc', 'grpc'],
      ['admin', 'http'],
    ],
  );

  const state = await terraform.state();
  const { ttl: written, zone } = state['isthmus_endpoint.a'] ?? {};
  t.is(written, '60s', 'as it was written, for it means the same');
  t.is(zone, 'default', 'the gateway chose it');
  const { spec } = state['isthmus_drill_schedule.weekly'] ?? {};
  t.deepEqual((spec as { scope: object }).scope, {
    cluster: 'dc1',
    service: 'orders.shop',
    zone: null,
    link: null,
  });

  const { code: nothing } = await terraform.plan();
  t.is(nothing, 0);
});

test('what was changed by hand is seen and changed back; what was removed by hand is made again', async (t) => {
  const all = await given();
  const { terraform, gateway } = all;
  const { schedule: was } = await gateway.api.get<{ schedule: object }>(schedulePath);
  await gateway.api.send('PUT', schedulePath, { ...was, cron: '0 4 * * 1', enabled: false });
  await gateway.api.send('DELETE', endpointPath('a1'));

  const { code, changes } = await terraform.plan();
  t.is(code, 2);
  t.deepEqual(changes, {
    'isthmus_drill_schedule.weekly': 'update',
    'isthmus_endpoint.a': 'create',
  });
  t.is((await terraform.apply()).code, 0);
  const { schedule: now } = await gateway.api.get<{ schedule: object }>(schedulePath);
  t.deepEqual(now, was);
  t.is((await gateway.api.get<EndpointItem>(endpointPath('a1'))).id, 'a1');
});

test('another name is another one: the old is deleted; another cluster is another gateway', async (t) => {
  const all = await given();
  const { terraform, gateway, other } = all;
  await terraform.write(
    provider(gateway) + provider(other, 'dc2') + schedule('0 5 * * 1') + theirs + endpoint('a2'),
  );
  const { code, changes } = await terraform.apply();
  t.is(code, 0);
  t.deepEqual(changes, {
    'isthmus_drill_schedule.weekly': 'update',
    'isthmus_drill_schedule.theirs': 'create',
    'isthmus_endpoint.a': 'replace',
  });
  const endpoints = await gateway.items<EndpointItem>('/v1/endpoints');
  t.deepEqual(
    endpoints.map(({ id }) => id),
    ['a2'],
  );
  const schedules = await other.items<{ name: string; cluster: string }>('/v1/drill-schedules');
  t.deepEqual(
    schedules.map(({ name, cluster }) => [cluster, name]),
    [['dc2', 'theirs']],
  );
});

test('who changes something between a plan and its apply is told of, and what he wrote stays', async (t) => {
  const all = await given();
  const { terraform, gateway } = all;
  await terraform.write(providers(all) + declared);
  t.is((await terraform.plan('-out=planned')).code, 2);
  const { schedule: was } = await gateway.api.get<{ schedule: object }>(schedulePath);
  await gateway.api.send('PUT', schedulePath, { ...was, cron: '30 6 * * 1' });

  const { code, diagnostics } = await terraform.apply('planned');
  t.is(code, 1);
  t.deepEqual(
    diagnostics.map(({ summary, address }) => [summary, address]),
    [['Changed meanwhile', 'isthmus_drill_schedule.weekly']],
  );
  const { schedule: now } = await gateway.api.get<{ schedule: { cron: string } }>(schedulePath);
  t.is(now.cron, '30 6 * * 1');
});

test('what somebody else made is not overwritten, and can be imported', async (t) => {
  const all = await given();
  const { terraform, gateway } = all;
  const body = { address: '127.0.0.1', port: 9, weight: 7 };
  await gateway.api.send('PUT', endpointPath('b1'), body);
  const known = providers(all) + declared + endpoint('b1', '', 'b');
  await terraform.write(known);
  const refused = await terraform.apply();
  t.is(refused.code, 1);
  t.deepEqual(
    refused.diagnostics.map(({ summary, address }) => [summary, address]),
    [['There is one already', 'isthmus_endpoint.b']],
  );
  t.regex(refused.diagnostics[0]?.detail ?? '', /terraform import ADDRESS 'shop\/orders\/b1'/);
  t.is((await gateway.api.get<EndpointItem>(endpointPath('b1'))).weight, 7);

  await terraform.write(`${known}
import {
  to = isthmus_endpoint.b
  id = "shop/orders/b1"
}
`);
  const { code, changes } = await terraform.apply();
  t.is(code, 0);
  t.deepEqual(changes, { 'isthmus_endpoint.b': 'update' });
  t.is((await gateway.api.get<EndpointItem>(endpointPath('b1'))).weight, 1);
});

test('a wrong value is refused at its attribute, before anything is asked of a gateway', async (t) => {
  const all = await given();
  const { terraform } = all;
  await terraform.write(
    providers(all) +
      declared.replace('0 3 * * 1', '').replace('"evacuate"', '"evict"') +
      endpoint('B!', '', 'b').replace('9\n', '90000\n').replace('60s', 'soon'),
  );
  const { code, diagnostics } = await terraform.plan();
  t.is(code, 1);
  const told = diagnostics.map(({ snippet, detail }) => {
    const [line = ''] = snippet?.code.trim().split('\n') ?? [];
    return [line.split(/\s*=/)[0], detail];
  });
  t.deepEqual(told.sort(), [
    ['cron', 'Too small: expected string to have >=1 characters.'],
    ['id', 'Use lower-case letters, digits and inner hyphens, at most 63 characters.'],
    ['port', 'Too big: expected number to be <=65535.'],
    [
      'spec',
      'spec.kind: Invalid option: expected one of "evacuate"|"black-hole"|"slow"|"fail"|"lose-registry"|"expire-trust".',
    ],
    ['ttl', '"soon" is not a duration: write 250ms, 5s, 2m or 1h.'],
  ]);
});

test('a gateway that can not be reached is told of once, however much is asked of it', async (t) => {
  const all = await given();
  const { terraform, gateway } = all;
  await gateway.stop();
  try {
    await terraform.write(
      providers(all).replace('provider "isthmus" {', 'provider "isthmus" {\n  retries = 0') +
        declared,
    );
    const { code, diagnostics } = await terraform.plan();
    t.is(code, 1);
    t.deepEqual(
      diagnostics.map(({ summary }) => summary),
      ['Gateway admin API unreachable'],
    );
    t.regex(diagnostics[0]?.detail ?? '', /Is the gateway running\? .*`address` of the provider/);
  } finally {
    await gateway.start();
  }
});

test('a gateway that starts anew has all that was declared; a destroy leaves nothing', async (t) => {
  const all = await given();
  const { terraform, gateway, other } = all;
  await terraform.write(providers(all) + declared + endpoint('b1', '', 'b') + theirs);
  t.is((await terraform.apply()).code, 0);
  await gateway.stop();
  await gateway.start();
  const { code, changes } = await terraform.plan();
  t.deepEqual([code, changes], [0, {}]);

  t.is((await terraform.destroy()).code, 0);
  for (const one of [gateway, other]) {
    t.deepEqual(await one.items('/v1/endpoints'), []);
    t.deepEqual(await one.items('/v1/drill-schedules'), []);
  }
});

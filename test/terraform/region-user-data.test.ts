/**
 * Specifies what the module of a region makes of machines, with what user data writes run as it is. systemd runs no services here; what
 * it would do of them is done by the test.
 */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ava from 'ava';
import { parse } from 'yaml';
import { freePorts } from '../../examples/demo/processes.ts';
import { GatewayProcess, type Scope } from '../support/gateway-process.ts';
import { RegionHost } from '../support/region-host.ts';
import { type RegionOutputs, rendered } from '../support/rendered-module.ts';
import { tempDir } from '../support/temp-dir.ts';
import { copyOfTerraform, terraformTest } from '../support/terraform.ts';
import { until } from '../support/until.ts';

const test = terraformTest(ava);
const folder = 'modules/region';

/** Does what the scripts ask of systemd. */
const systemctl = `#!/bin/sh
set -eu
case "$1 $2" in
  'stop isthmus.service') kill "$(cat /etc/isthmus/pid)"; while kill -0 "$(cat /etc/isthmus/pid)" 2>/dev/null; do sleep 0.05; done ;;
  'restart isthmus-setup.service') sh /etc/isthmus/setup.sh ;;
  'start isthmus.service')
    set -a; . /etc/isthmus/environment; set +a
    isthmus gateway -c /etc/isthmus/gateway.yaml >>/var/lib/isthmus/log 2>&1 &
    echo $! >/etc/isthmus/pid ;;
  *) echo "$*?" >&2; exit 1 ;;
esac
`;

/** One of the machines with this user data, booted as far as the start of its gateway. `ports` stand in place of the first machine's. */
async function boot(t: Scope, id: string, userData: string, ports: readonly [number, number][]) {
  const host = await RegionHost.make(t, { localhost: '127.0.0.1' });
  const files: { path: string; content: string }[] = parse(userData).write_files;
  for (const { path, content } of files.filter((file) => file.path.startsWith('/etc/isthmus/'))) {
    const own = ports.reduce((text, [from, to]) => text.replaceAll(`:${from}`, `:${to}`), content);
    // Nobody here is called isthmus.
    await host.write(path, own.replace('owner=isthmus:isthmus', 'owner=0:0'));
  }
  await host.write('/etc/isthmus/id', id);
  await host.write('/bin/systemctl', systemctl);
  t.teardown(async () => {
    const pid = await host.read('/etc/isthmus/pid').catch(() => '');
    if (pid !== '') process.kill(Number(pid), 'SIGKILL');
  });
  await host.ok(['systemctl', 'restart', 'isthmus-setup.service']);
  await host.ok(['systemctl', 'start', 'isthmus.service']);
  return host;
}

test('of machines that boot together one joins by the token, and the other is a gateway of the same cluster', async (t) => {
  const dc1 = await GatewayProcess.prepare(t, join(await tempDir(t), 'dc1'), {
    cluster: 'dc1',
    workers: 1,
    registry: { embedded: { listen: '127.0.0.1:0' } },
  });
  await dc1.start();
  const stored = await tempDir(t);
  const [token, identity] = [join(stored, 'token'), join(stored, 'identity')];
  const terraform = await copyOfTerraform(t);
  await terraform.init(folder);
  const ports = await freePorts(8);
  const [outbound, eastWest, federation, admin] = ports;
  const listeners = Object.entries({ outbound, eastWest, federation, admin });
  const { user_data } = await rendered<RegionOutputs>(terraform, folder, {
    federation: 'acme',
    cluster: 'dc2',
    region: 'eu-west',
    workers: 1,
    warm_up: '0s',
    listeners: Object.fromEntries(listeners.map(([name, port]) => [name, `0.0.0.0:${port}`])),
    gateway_id_command: 'cat /etc/isthmus/id',
    zone_command: 'echo eu-west-1b',
    advertise_command: 'echo 127.0.0.1',
    join_token_command: `cat ${token}`,
    identity: { load_command: `cat ${identity} || true`, save_command: `cat >${identity}` },
    secret_commands: { 'otlp.token': 'echo from-a-store' },
  });
  await dc1.isthmusOk(['token', 'create']).then((text) => writeFile(token, text));

  const first = await boot(t, 'gw-1', user_data, []);
  const second = await boot(
    t,
    'gw-2',
    user_data,
    ports.slice(0, 4).map((port, i) => [port, ports[i + 4] ?? 0]),
  );
  const joined = (host: RegionHost) => host.run(['sh', `${host.root}/etc/isthmus/join.sh`]);
  t.like(await joined(first), { code: 0 });
  // Its token is used up, and it has an authority of its own: it takes over the first one's, and is started again.
  t.like(await joined(second), { code: 1 });
  t.like(await joined(second), { code: 0 });
  await until('both to be gateways of one cluster', async () => {
    const all = (await dc1.isthmusOk(['get', 'gateways', '-o', 'name'])).split('\n');
    return all.includes('dc2/gw-1') && all.includes('dc2/gw-2');
  });

  const [environment, secret] = ['/etc/isthmus/environment', '/etc/isthmus/secrets/otlp.token'];
  t.regex(await second.read(environment), /^ISTHMUS_GATEWAY=gw-2\nISTHMUS_ZONE=eu-west-1b\n/);
  t.is(await second.read(secret), 'from-a-store\n');
  t.is((await stat(second.root + secret)).mode & 0o077, 0);
  // As a load balancer asks for its health.
  const url = `https://127.0.0.1:${ports[7]}/readyz`;
  const ca = `${second.root}/etc/isthmus/tls/admin.pem`;
  const asked = await second.ok([
    'curl',
    '--silent',
    '--cacert',
    ca,
    '--write-out',
    '%{http_code}',
    url,
  ]);
  t.regex(asked, /"ready":true.*200$/);
});

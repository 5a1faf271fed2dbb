/** Specifies the module of a region: what it renders, gateways, cloud-init, systemd and Kubernetes take as it is. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ava from 'ava';
import { parse } from 'yaml';
import { isThere } from '../../bench/packages.ts';
import { addressOf } from '../../gateway/control/config/addresses.ts';
import { parseConfig } from '../../gateway/control/config/config.ts';
import { configKeys, keysIn } from '../gateway/control/config/keys.ts';
import { faultsOf } from '../support/kubernetes-schema.ts';
import { readmeOf } from '../support/module-tables.ts';
import { run } from '../support/programs.ts';
import { type RegionOutputs, rendered } from '../support/rendered-module.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { copyOfTerraform, terraformOnPath, terraformTest } from '../support/terraform.ts';
import { everyKey, machine, pods } from './region-variables.ts';

const test = terraformTest(ava);
const folder = 'modules/region';
const module = initialized();

async function initialized() {
  const terraform = await copyOfTerraform(sharedScope(ava));
  if (terraformOnPath()) await terraform.init(folder);
  return terraform;
}

/** By what was given: several tests look at the same. */
const outputs = new Map<object, Promise<RegionOutputs>>();

function renderedOf(variables: object): Promise<RegionOutputs> {
  const known = outputs.get(variables);
  if (known) return known;
  const made = module.then((terraform) => rendered<RegionOutputs>(terraform, folder, variables));
  outputs.set(variables, made);
  return made;
}

ava('the README has every input and output', async (t) => {
  const { is, ought } = await readmeOf(`terraform/${folder}`);
  t.is(is, ought, '`node test/terraform/write-tables.ts` writes it anew');
});

test('the tests of the module pass', async (t) => {
  t.regex(await (await module).ok(folder, 'test', '-no-color'), /Success! \d+ passed, 0 failed/);
});

test('every key of a configuration can be said by its variables, and gateways take what comes of it', async (t) => {
  const said = new Set<string>();
  for (const variables of everyKey) {
    const { gateway_yaml } = await renderedOf(variables);
    for (const { key } of keysIn(parse(gateway_yaml))) said.add(key);
    const environment = { ISTHMUS_GATEWAY: 'gw-1', ISTHMUS_ADVERTISE: '10.0.0.9' };
    const config = parseConfig(gateway_yaml, '/etc/isthmus/gateway.yaml', environment);
    t.is(config.gateway, 'gw-1');
    t.is(config.advertise.eastWest?.map(addressOf)[0], '10.0.0.9:7443');
    t.is(config.dataDir, '/var/lib/isthmus');
  }
  t.deepEqual(
    configKeys().filter((key) => !said.has(key)),
    [],
  );
});

test('a text that looks like an empty field stays as it is', async (t) => {
  const odd = { a: '","b":null,"', b: ':null', c: '{"d":null}' };
  const endpoints = [{ id: 'a', address: '10.0.0.1:80', labels: odd }];
  const { gateway_yaml } = await renderedOf({
    ...machine,
    services: [{ name: 'orders', namespace: 'shop', endpoints }],
  });
  t.deepEqual(parse(gateway_yaml).services[0].endpoints[0].labels, odd);
});

test('manifests are as the schemas of Kubernetes want them, down to the last field', async (t) => {
  const { kubernetes_manifests } = await renderedOf(pods);
  const manifests = Object.values(kubernetes_manifests).map((text) => parse(text));
  t.deepEqual((await Promise.all(manifests.map(faultsOf))).flat(), []);
  const set = manifests.find(({ kind }) => kind === 'StatefulSet');
  set.spec.template.spec.containers[0].readinesProbe = {};
  t.deepEqual(await faultsOf(set), [
    'spec.template.spec.containers.0.readinesProbe is no field of StatefulSet',
  ]);
});

test('user data is written as cloud-init wants it, and its scripts as sh does', async (t) => {
  const { scripts, user_data } = await renderedOf(machine);
  const files: { path: string; content: string }[] = parse(user_data).write_files;
  for (const [name, script] of Object.entries(scripts)) {
    t.is(files.find(({ path }) => path === `/etc/isthmus/${name}`)?.content, script);
    t.like(await run('sh', ['-n'], { input: script }), { code: 0, stderr: '' }, name);
  }
  if (!isThere('cloud-init')) {
    t.log('skipped: cloud-init is not on the path');
    return;
  }
  const path = join(await tempDir(t), 'user-data.yaml');
  await writeFile(path, user_data);
  t.regex((await run('cloud-init', ['schema', '-c', path])).stdout, /Valid/);
});

/** Settings of a unit, without those that every cluster says for itself. */
function commonSettings(unit: string): string[] {
  const own =
    /^(EnvironmentFile|TimeoutStopSec|LimitNOFILE|\w+Capabilities|CapabilityBoundingSet)=/;
  return unit.split('\n').filter((line) => line.includes('=') && !own.test(line));
}

test('the unit is the one that packages bring, and what the cluster says of it', async (t) => {
  const { systemd_unit, systemd_units } = await renderedOf(machine);
  const packaged = await readFile('packaging/files/isthmus.service', 'utf8');
  t.deepEqual(commonSettings(systemd_unit), commonSettings(packaged));
  const dropIn = systemd_units['isthmus.service.d/region.conf'] ?? '';
  t.true(systemd_unit.includes(dropIn.split('[Service]\n')[1] ?? dropIn));
});

test('systemd finds nothing to say against the units, and little that the gateway could do', async (t) => {
  if (!isThere('systemd-analyze')) {
    t.pass('skipped: systemd-analyze is not on the path');
    return;
  }
  const { systemd_unit, systemd_units } = await renderedOf(machine);
  const dir = await tempDir(t);
  await mkdir(join(dir, 'isthmus.service.d'));
  const files = { ...systemd_units, 'isthmus.service': systemd_unit };
  for (const [name, unit] of Object.entries(files)) {
    await writeFile(join(dir, name), unit.replaceAll('/usr/bin/isthmus', '/bin/true'));
  }
  const units = Object.keys(files).filter((name) => name.endsWith('.service'));
  const paths = units.map((name) => join(dir, name));
  const verified = await run('systemd-analyze', ['verify', '--man=no', ...paths]);
  t.deepEqual(
    verified.stderr.split('\n').filter((line) => line.includes('isthmus')),
    [],
  );
  const unit = join(dir, 'isthmus.service');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', unit]);
  const [, exposure = ''] = /exposure level for isthmus.service: ([\d.]+)/.exec(stdout) ?? [];
  t.true(Number(exposure) < 3, stdout);
  t.log(`exposure ${exposure}`);
});

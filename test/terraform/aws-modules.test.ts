/**
 * Specifies Terraform's modules for AWS and the federations made with them, by the real binary and the real provider's schema with its calls
 * left out: laid out as Terraform has it, their own tests (`tests/*.tftest.hcl`) pass, and their READMEs say what there is.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ava from 'ava';
import { parse } from 'yaml';
import { readmeOf } from '../support/module-tables.ts';
import { PemFolder } from '../support/pem-files.ts';
import { RegionHost } from '../support/region-host.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  awsProviderInPlace,
  copyOfTerraform,
  type Terraform,
  terraformTest,
} from '../support/terraform.ts';
import { fakeAws } from './fake-aws.ts';
import { metadataService } from './metadata-service.ts';
import { type ModuleTests, testModules } from './module-test.ts';

const shared = sharedScope(ava);
/** One after the other: each takes a processor for itself. */
const test = terraformTest(ava.serial, 'aws');

/** A machine that does other things besides takes a minute for what takes ten seconds. */
const patienceMs = 300_000;

/** Those that make machines. */
const machines = ['modules/etcd-aws', 'modules/region-aws'];
const modules = ['modules/dns-aws', ...machines];
const examples = ['two-regions-aws', 'three-regions-aws', 'hybrid'].map(
  (name) => `examples/${name}`,
);

let copied: Promise<Terraform> | undefined;
/** The copy that tests share, made for the first that wants it. */
function inPlace(): Promise<Terraform> {
  copied ??= awsProviderInPlace(shared).then((env) => copyOfTerraform(shared, env));
  return copied;
}

test('the modules want versions of the provider of which there is one', async (t) => {
  const { init, dir } = await copyOfTerraform(shared);
  await t.notThrowsAsync(init('examples/three-regions-aws'), dir('.'));
});

test('every file is as `terraform fmt` writes it', async (t) => {
  const { stdout } = await (await inPlace()).run('.', 'fmt', '-check', '-recursive', '-list');
  t.is(stdout, '');
});

let tested: Promise<ModuleTests> | undefined;
/** The tests of all, which run once. */
function results(): Promise<ModuleTests> {
  const told = Object.fromEntries(machines.map((folder) => [folder, 'user_data']));
  tested ??= inPlace().then((terraform) => testModules(terraform, [...modules, ...examples], told));
  return tested;
}

for (const folder of [...modules, ...examples]) {
  test(`${folder} is valid and passes its tests`, async (t) => {
    t.timeout(patienceMs);
    const { passed, failures } = (await results()).results.get(folder) ?? {};
    t.deepEqual(failures, []);
    t.true((passed ?? 0) > 0);
  });
}

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  /** Octal. */
  readonly permissions: string;
}

function filesOf(userData: unknown): readonly WrittenFile[] {
  return parse(`${userData}`).write_files;
}

test('an instance of region-aws knows, once it has booted, its name, its zone, its secrets and its cluster', async (t) => {
  const host = await RegionHost.make(shared, { localhost: '127.0.0.1' });
  const { folder } = await fakeAws(host.root);
  const facts = { 'instance-id': 'i-0abc', 'local-ipv4': '10.0.1.7' };
  const zone = ['placement/availability-zone', 'eu-west-1b'] as const;
  const ISTHMUS_METADATA = await metadataService(shared, new Map([...Object.entries(facts), zone]));
  const { output } = await results();
  for (const { path, content } of filesOf(await output('modules/region-aws'))) {
    // Nobody here is called isthmus.
    await host.write(path, content.replace('owner=isthmus:isthmus', 'owner=0:0'));
  }
  const pems = new PemFolder(host.root);
  const { cert, key } = await pems.make('etcd', 'etcd.test');
  const texts = await Promise.all(
    [await pems.ca(), cert, key].map((path) => readFile(path, 'utf8')),
  );
  const etcd = { ca: texts[0], cert: texts[1], key: texts[2] };
  await writeFile(join(folder, 'etcd-eu-west'), JSON.stringify(etcd));
  await mkdir(join(host.root, 'stored/ca'), { recursive: true });
  await writeFile(join(host.root, 'stored/ca/ca.key'), 'the authority');
  const store = `tar -cz -C ${host.root}/stored ca | base64 -w0 >${folder}/identity`;
  await host.ok(['sh', '-c', store]);

  await host.ok(['sh', `${host.root}/etc/isthmus/setup.sh`], { ISTHMUS_METADATA });
  t.is(
    await host.read('/etc/isthmus/environment'),
    'ISTHMUS_GATEWAY=i-0abc\nISTHMUS_ZONE=eu-west-1b\nISTHMUS_ADVERTISE=10.0.1.7\n',
  );
  for (const [i, file] of ['etcd-ca.pem', 'etcd.pem', 'etcd.key'].entries()) {
    t.is((await host.read(`/etc/isthmus/secrets/${file}`)).trim(), `${texts[i]}`.trim());
  }
  t.is(await host.read('/var/lib/isthmus/ca/ca.key'), 'the authority');
  const variables = {
    ISTHMUS_GATEWAY: 'i-0abc',
    ISTHMUS_ZONE: 'eu-west-1b',
    ISTHMUS_ADVERTISE: '10.0.1.7',
  };
  const checked = await host.run(
    ['isthmus', 'check', '-c', `${host.root}/etc/isthmus/gateway.yaml`],
    variables,
  );
  t.is(checked.code, 0, checked.stdout);
});

for (const module of machines) {
  test(`what user data of ${module} writes are programs that bash reads, and units that systemd does`, async (t) => {
    const told = await (await results()).output(module);
    const userData = typeof told === 'string' ? told : Object.values(told ?? {})[0];
    const dir = await tempDir(t);
    const files = filesOf(userData);
    t.true(files.length > 5);
    for (const { path, content, permissions } of files) {
      await mkdir(dirname(dir + path), { recursive: true });
      await writeFile(dir + path, content.replaceAll('/usr/local/lib/', `${dir}/usr/local/lib/`), {
        mode: Number.parseInt(permissions, 8),
      });
    }
    const run = promisify(execFile);
    const programs = files.filter(({ content }) => content.startsWith('#!'));
    for (const { path } of programs) await t.notThrowsAsync(run('bash', ['-n', dir + path]), path);
    const units = files.filter(({ path }) => /\/system\/isthmus-[^/]*$/.test(path));
    const wanted = units.flatMap(({ content }) => [
      ...content.matchAll(/=\+?(\/usr\/local\/\S+)/g),
    ]);
    for (const [, program = ''] of wanted)
      t.true(
        programs.some(({ path }) => path === program),
        program,
      );
    const paths = units.map(({ path }) => dir + path);
    // What is said of units that are not here, such as the package's own, is not about these.
    const { stderr } = await run('systemd-analyze', [
      'verify',
      '--man=no',
      '--recursive-errors=no',
      ...paths,
    ]).catch((error) => error);
    t.deepEqual(
      `${stderr}`.split('\n').filter((line) => line.includes(dir)),
      [],
    );
  });
}

for (const folder of modules) {
  ava(`the README of ${folder} has its inputs and outputs`, async (t) => {
    const { is, ought } = await readmeOf(`terraform/${folder}`);
    t.is(is, ought, '`node test/terraform/write-tables.ts` writes it anew');
  });
}

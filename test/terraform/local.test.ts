/**
 * Specifies the example `local` with the real Terraform, its provider and real processes: three clusters by one apply, whatever became of the
 * applies before it, and nothing left after a destroy.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import ava from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { isthmus } from '../cli/command.ts';
import { type Run, run } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { copyOfTerraform, quiet, terraformTest } from '../support/terraform.ts';
import { until } from '../support/until.ts';

const scope = sharedScope(ava);
/** One after the other: each begins where the one before has ended. */
const test = terraformTest(ava.serial);
const folder = 'examples/local';
/** Resources of the example. */
const resources = 24;
/** How many applies are killed, and one less destroys, each further on than the one before; by hand more can be asked for. */
const kills = Number(process.env['ISTHMUS_TEST_KILLS'] ?? 1);

/** Thirty ports in a row of which the first is free: the example takes eighteen of them. */
async function basePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Terraform writes its state in place: one that is killed while it does leaves none, and what was before it beside it. */
async function restoreState(dir: string): Promise<void> {
  const state = join(dir, 'terraform.tfstate');
  if ((await stat(state)).size === 0) await copyFile(`${state}.backup`, state);
}

/** Kills Terraform with SIGKILL once it says of so many resources that it is done with them, unless it ended before that. */
async function killedAt(dir: string, args: readonly string[], done: number): Promise<void> {
  const env = { ...process.env, ...quiet };
  const child: ChildProcess = spawn('terraform', args, { cwd: dir, env });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr?.resume();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const times = said.match(/(Creation|Destruction) complete/g)?.length ?? 0;
    if (times >= done) child.kill('SIGKILL');
  });
  await ended;
}

interface Answer {
  readonly status: number | undefined;
  readonly cluster: string | string[] | undefined;
}

function ask(port: number): Promise<Answer> {
  const options = { host: '127.0.0.1', port, headers: { host: 'orders.shop.acme' }, agent: false };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      const { statusCode: status, headers } = response.resume();
      resolve({ status, cluster: headers['x-isthmus-cluster'] });
    })
      .on('error', reject)
      .end();
  });
}

interface Example {
  /** Its folder. */
  readonly dir: string;
  readonly base: number;
  /** Runs Terraform in it, whatever its exit code. */
  run(...args: readonly string[]): Promise<Run>;
  killedAt(args: readonly string[], done: number): Promise<void>;
  /** Runs its `processes.sh` on the folder of a process. */
  processes(command: string, name: string, ...args: readonly string[]): Promise<Run>;
}

let example: Example;

async function prepare(): Promise<Example> {
  const terraform = await copyOfTerraform(scope, {}, ['bin', 'dist', 'examples', 'node_modules']);
  const dir = terraform.dir(folder);
  const base = await basePort();
  const options = ['-no-color', `-var=base_port=${base}`];
  const runDir = join(dir, 'run');
  scope.teardown(async () => {
    for (const name of await readdir(runDir).catch(() => [])) {
      const pid = Number(await readFile(join(runDir, name, 'pid'), 'utf8').catch(() => 0));
      if (pid > 0) process.kill(pid, 'SIGKILL');
    }
  });
  await terraform.ok(folder, 'init', '-no-color');
  return {
    dir,
    base,
    run: (...args) => terraform.run(folder, ...args, ...options),
    killedAt: (args, done) => killedAt(dir, [...args, ...options], done),
    processes: (command, name, ...args) =>
      run('sh', [join(dir, 'processes.sh'), command, join(runDir, name), ...args]),
  };
}

test('an apply that was killed is taken up by the next', async (t) => {
  example = await prepare();
  const apply = ['apply', '-auto-approve'];
  for (let i = 1; i <= kills; i++) {
    await example.killedAt(apply, Math.ceil((i * resources) / (kills + 1)));
  }
  t.like(await example.run(...apply), { code: 0, stderr: '' });
});

test('each cluster is served by its own copy, and by another one when that is gone', async (t) => {
  const { base, processes } = example;
  for (const [i, cluster] of ['dc1', 'dc2', 'dc3'].entries()) {
    await until(`${cluster} to be served by its own copy`, async () => {
      const answer = await ask(base + 10 * i + 1);
      return answer.status === 200 && answer.cluster === cluster;
    });
  }
  t.like(await processes('stop', 'dc1-orders'), { code: 0, stderr: '' });
  await until('dc1 to be served by another cluster', async () => {
    const answer = await ask(base + 1);
    return answer.status === 200 && answer.cluster !== 'dc1';
  });
});

test('a gateway that was started anew is as it was declared, and a schedule that was changed by hand is not', async (t) => {
  const { base, processes } = example;
  const admin = `http://127.0.0.1:${base}`;
  t.like(await processes('stop', 'dc1'), { code: 0, stderr: '' });
  t.like(await processes('start', 'dc1', admin), { code: 0, stderr: '' });
  const env = { ISTHMUS_ADMIN: admin };
  const schedule = ['drill', 'schedule'];
  const is = await isthmus([...schedule, 'get', 'monthly', '-o', 'jsonpath={.schedule}'], { env });
  const stdin = is.stdout.replace('0 10 1 * *', '0 11 1 * *');
  t.like(await isthmus([...schedule, 'set', 'monthly', '-f', '-'], { env, stdin }), { code: 0 });

  // One plan for both, as each takes three seconds of CPU: what it does not name has no changes.
  const { code, stdout } = await example.run('plan', '-detailed-exitcode');
  t.is(code, 2);
  t.regex(stdout, /~ cron +.*"0 11 1 \* \*" -> "0 10 1 \* \*"/);
  t.regex(stdout, /Plan: 0 to add, 1 to change, 0 to destroy\./);
  t.deepEqual(stdout.match(/(?<=# ).* will be .*/g), [
    'module.dc1.isthmus_drill_schedule.this["monthly"] will be updated in-place',
  ]);
});

test('a destroy leaves no process, port or file', async (t) => {
  const { base, dir } = example;
  const destroy = ['destroy', '-auto-approve'];
  for (let i = 1; i < kills; i++) {
    await example.killedAt(destroy, Math.ceil((i * resources) / kills));
    await restoreState(dir);
  }
  t.like(await example.run(...destroy), { code: 0, stderr: '' });
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  t.deepEqual(
    all.filter((args) => args.includes(dir)),
    [],
  );
  await t.throwsAsync(readdir(join(dir, 'run')), { code: 'ENOENT' });
  for (const port of [1, 11, 21]) await t.throwsAsync(ask(base + port), { code: 'ECONNREFUSED' });
});

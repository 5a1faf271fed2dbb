/** Owns a machine or a pod of the region module in tests: its files below a folder of its own, and programs that see its names. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { chmod, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnv, type Ended, ended } from '../cli/command.ts';
import type { Scope } from './gateway-process.ts';
import { withAddresses } from './hosts.ts';
import { killChild } from './programs.ts';
import { tempDir } from './temp-dir.ts';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));
/** Folders that the module names, which here are below the host's own. */
const folders = ['/etc/isthmus', '/var/lib/isthmus', '/usr/local/lib/isthmus'];

export class RegionHost {
  readonly root: string;
  readonly #t: Scope;
  /** Addresses by name, as its programs see them. */
  readonly #names: Readonly<Record<string, string>>;

  private constructor(t: Scope, root: string, names: Readonly<Record<string, string>>) {
    this.#t = t;
    this.root = root;
    this.#names = names;
  }

  static async make(t: Scope, names: Readonly<Record<string, string>>): Promise<RegionHost> {
    const host = new RegionHost(t, await tempDir(t), names);
    t.teardown(async () => {
      await host.#killAll();
      if (t.passed) return;
      t.log(`${host.root} said last:\n${(await host.read('/log').catch(() => '')).slice(-4000)}`);
    });
    return host;
  }

  /** The same text, with the host's own folders in it. */
  here(text: string): string {
    return folders.reduce((all, folder) => all.replaceAll(folder, this.root + folder), text);
  }

  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(this.root + path), { recursive: true });
    await writeFile(this.root + path, this.here(content));
    await chmod(this.root + path, 0o700);
  }

  read(path: string): Promise<string> {
    return readFile(this.root + path, 'utf8');
  }

  /** Runs a program to its end; programs of the host's own `/bin` come first, and `isthmus` is there. */
  async run(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    return ended(await this.#spawn(command, env));
  }

  /** As `run`, and it must end well; resolves to what it printed. */
  async ok(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, env);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  /** Starts a program that goes on until the test ends; what it says is in `/log`. */
  async start(command: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    const log = await open(join(this.root, 'log'), 'a');
    const child = await this.#spawn(command, env, ['ignore', log.fd, log.fd]);
    this.#t.teardown(() => killChild(child));
    await log.close();
  }

  /** Also a gateway that took over from another, which is no child of this process: they all name a file of the host's own. */
  async #killAll(): Promise<void> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(`${this.root}/`)) killIfThere(Number(pid));
    }
  }

  async #spawn(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    stdio: StdioOptions = 'pipe',
  ): Promise<ChildProcess> {
    const [program, ...args] = await withAddresses(this.#t, this.#names, command);
    const path = `${this.root}/bin:${bin}:${process.env['PATH']}`;
    return spawn(program, args, { stdio, env: cleanEnv({ ...env, PATH: path }) });
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

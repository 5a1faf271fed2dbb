/** Owns what every verb is handed: the global flags, the admin API they lead to, the ways to print, and the exit code. */
import { AdminClient } from './admin-client.ts';
import { findAdmin } from './context.ts';
import { findCredentials } from './credentials.ts';
import { exitCodes } from './exit.ts';
import { type Format, serialize } from './output.ts';
import type { View } from './table.ts';
import { type Io, painter } from './terminal.ts';

/** Flags every verb takes. */
export interface GlobalFlags {
  readonly output: Format;
  readonly admin?: string;
  readonly context?: string;
  readonly adminTokenFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export class Cli {
  readonly io: Io;
  /** How the command ends when nothing is thrown; a verb that finds things degraded says so here. */
  exitCode: number = exitCodes.ok;
  readonly #flags: () => GlobalFlags;

  /** `flags` is read when a verb runs: they are parsed by then. */
  constructor(io: Io, flags: () => GlobalFlags) {
    this.io = io;
    this.#flags = flags;
  }

  get format(): Format {
    return this.#flags().output;
  }

  /** The admin API of the gateway that flags, environment or configuration name. */
  async admin(): Promise<AdminClient> {
    const flags = this.#flags();
    const address = await findAdmin(flags, this.io.env);
    return new AdminClient(address, undefined, await findCredentials(flags, this.io.env));
  }

  /** Prints a command's result: `value` itself as JSON or YAML, else what `table` makes of it. */
  print(value: unknown, table: (view: View) => string): void {
    const { format } = this;
    const text =
      format === 'json' || format === 'yaml'
        ? serialize(value, format)
        : table({ wide: format === 'wide', paint: painter(this.io.stdout) });
    if (text !== '') this.io.stdout.write(`${text}\n`);
  }

  /** Says something beside the result, on standard error. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** Shows something beside the result, laid out, on standard error. */
  noteLaidOut(layout: (view: View) => string): void {
    this.note(layout({ wide: false, paint: painter(this.io.stderr) }));
  }
}

/** Owns what every verb is handed: the global flags, the admin API they lead to, the ways to print, and the exit code. */
import type { IsthmusError } from '../core/errors.ts';
import { parseAdminAddress } from './admin-address.ts';
import { AdminClient } from './admin-client.ts';
import { findAdmin } from './context.ts';
import { findCredentials } from './credentials.ts';
import { exitCodeOf, exitCodes } from './exit.ts';
import { jsonPath } from './json-path.ts';
import { type Format, jsonPathPrefix, renderError, serialize } from './output.ts';
import type { View } from './table.ts';
import { type Io, painter, printable } from './terminal.ts';

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

  /** Whether the result is asked for as data, whole or what a path finds in it. */
  get isData(): boolean {
    const { format } = this;
    return format === 'json' || format === 'yaml' || format.startsWith(jsonPathPrefix);
  }

  /** Paths of PEM files, for what a verb connects to beside the admin API. */
  get tlsFiles(): Pick<GlobalFlags, 'ca' | 'cert' | 'key'> {
    const { ca, cert, key } = this.#flags();
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  }

  /** The admin API of the gateway that flags, environment or configuration name. An exchange takes `timeoutMs` at most, default 10 s. */
  async admin(timeoutMs?: number): Promise<AdminClient> {
    const flags = this.#flags();
    const address = await findAdmin(flags, this.io.env);
    return new AdminClient(address, timeoutMs, await findCredentials(flags, this.io.env));
  }

  /** The admin API at another address, with the same credentials. */
  async adminAt(address: string): Promise<AdminClient> {
    const credentials = await findCredentials(this.#flags(), this.io.env);
    return new AdminClient(parseAdminAddress(address), undefined, credentials);
  }

  /** Prints a command's result: `value` itself as JSON or YAML or what a path finds in it, `names` of a verb that has them, else what `table` makes of it. */
  print(value: unknown, table: (view: View) => string, names?: () => string): void {
    const text = this.#text(value, table, names);
    if (text !== '') this.io.stdout.write(`${text}\n`);
  }

  #text(value: unknown, table: (view: View) => string, names?: () => string): string {
    const { format } = this;
    if (format === 'json' || format === 'yaml') return serialize(value, format);
    if (format.startsWith(jsonPathPrefix)) {
      return jsonPath(format.slice(jsonPathPrefix.length))(value);
    }
    if (format === 'name' && names !== undefined) return names();
    return table(viewOn(this.io.stdout, format === 'wide'));
  }

  /** Says something beside the result, on standard error. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** Says something that deserves a look, on standard error. */
  warn(text: string): void {
    const paint = painter(this.io.stderr);
    this.note(`${paint('yellow', 'warning')} ${printable(text)}`);
  }

  /** Says of an error what, where and what to do, on standard error. */
  report(error: IsthmusError): void {
    this.note(renderError(error, this.format, painter(this.io.stderr)));
  }

  /** Says all that is wrong; the command ends as the first of it says. */
  fail(errors: readonly IsthmusError[]): void {
    for (const error of errors) this.report(error);
    const [first] = errors;
    if (first) this.exitCode = exitCodeOf(first.kind);
  }

  /** Shows something beside the result, laid out, on standard error. */
  noteLaidOut(layout: (view: View) => string): void {
    this.note(layout(viewOn(this.io.stderr, false)));
  }
}

/** The width where the terminal does not say it: enough for a wide table, and few enough for an editor or a ticket. */
const usualRoom = 200;

function viewOn(stream: NodeJS.WriteStream, wide: boolean): View {
  return { wide, paint: painter(stream), room: stream.columns || usualRoom };
}

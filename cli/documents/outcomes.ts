/** Owns telling what became of each policy: a line each as it happens, or all of them as data, and how the command ends. */
import { asIsthmusError, type IsthmusError } from '../../core/errors.ts';
import { type PolicyName, textOf } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import { exitCodeOf } from '../exit.ts';
import { printable } from '../terminal.ts';

type Result = 'created' | 'configured' | 'unchanged' | 'deleted' | 'absent';

interface Detail {
  readonly inForce?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly warnings?: readonly string[];
}

type Told = PolicyName & Detail;
type Outcome = Told & { readonly result: Result | 'failed' | 'skipped'; readonly problem?: object };

/** Nothing more can be asked of the gateway after these. */
const fatal = new Set(['ADMIN_UNREACHABLE', 'TIMED_OUT', 'FORBIDDEN', 'UNAUTHENTICATED']);

export class Outcomes {
  readonly #cli: Cli;
  readonly #isDryRun: boolean;
  readonly #all: Outcome[] = [];
  #isOver = false;

  constructor(cli: Cli, isDryRun: boolean) {
    this.#cli = cli;
    this.#isDryRun = isDryRun;
  }

  /** Does one thing and tells it; of one that fails why. What comes after the gateway is gone is not tried. */
  async try(
    named: PolicyName,
    act: () => Promise<{ readonly result: Result } & Detail>,
  ): Promise<void> {
    if (this.#isOver) return this.#tell(named, { result: 'skipped' });
    try {
      this.#tell(named, await act());
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      this.#isOver = fatal.has(error.code);
      this.#tell(named, { result: 'failed', problem: error.toProblem() });
      this.#fail(error);
    }
  }

  /** Prints them where they are asked for as data; of some that failed how many did not. */
  finish(): void {
    const { isData } = this.#cli;
    if (isData) this.#cli.print({ items: this.#all, dryRun: this.#isDryRun }, () => '');
    const undone = this.#all.filter(({ result }) => result === 'failed' || result === 'skipped');
    if (undone.length === 0) return;
    const done = this.#all.length - undone.length;
    this.#cli.note(`${done} of ${this.#all.length} done; not: ${undone.map(textOf).join(', ')}`);
  }

  get hasFailed(): boolean {
    return this.#all.some(({ result }) => result === 'failed' || result === 'skipped');
  }

  #fail(error: IsthmusError): void {
    const { exitCode } = this.#cli;
    this.#cli.report(error);
    if (exitCode === 0) this.#cli.exitCode = exitCodeOf(error.kind);
  }

  #tell(
    { scope = 'cluster', kind, namespace, name }: PolicyName,
    told: Omit<Outcome, keyof PolicyName>,
  ): void {
    const outcome = { scope, kind, namespace, name, ...told };
    this.#all.push(outcome);
    if (this.#cli.isData) return;
    const line = this.#cli.format === 'name' ? textOf(outcome) : this.#line(outcome);
    this.#cli.io.stdout.write(`${printable(line)}\n`);
  }

  #line(outcome: Outcome): string {
    const { result, inForce, reason, warnings = [] } = outcome;
    const notes = [
      ...(this.#isDryRun ? ['dry run'] : []),
      ...(inForce === false ? [`not in force: ${reason}`] : []),
      ...(warnings.length > 0 ? ['warned of'] : []),
    ];
    return `${textOf(outcome)} ${result}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  }
}

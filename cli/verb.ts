/** Owns how a verb is declared: a commander command whose help starts with examples and whose misuse is a coded error. */
import { Command, type Help, Option } from 'commander';
import { IsthmusError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';

/** A command line somebody would really type, and what it does. */
type Example = readonly [line: string, does: string];

export class Verb extends Command {
  #examples: readonly Example[] = [];
  #hasNames = false;
  #formats: readonly string[] = [];

  override createCommand(name?: string): Verb {
    return new Verb(name);
  }

  /** Examples, the first thing `--help` shows. */
  examples(...examples: readonly Example[]): this {
    this.#examples = examples;
    return this;
  }

  get shownExamples(): readonly Example[] {
    return this.#examples;
  }

  /** Declares that what it lists has names: it takes `-o name`. */
  names(): this {
    this.#hasNames = true;
    return this;
  }

  get hasNames(): boolean {
    return this.#hasNames;
  }

  /** Declares that it prints in a format that others don't. */
  takesFormat(format: string): this {
    this.#formats = [...this.#formats, format];
    return this;
  }

  /** Formats that others don't print in. */
  get formats(): readonly string[] {
    return this.#formats;
  }

  override createHelp(): Help {
    const help = super.createHelp();
    const rest = help.formatHelp.bind(help);
    help.formatHelp = (command, helper) => this.#examplesText(helper) + rest(command, helper);
    help.showGlobalOptions = true;
    const globals = help.visibleGlobalOptions.bind(help);
    help.visibleGlobalOptions = (command) => globals(command).filter((o) => o.long !== '--version');
    return help;
  }

  /** Turns the misuse that commander reports into USAGE, with its suggestion as the fix. */
  override error(message: string): never {
    const [what = '', hint] = message.replace(/^error: /, '').split('\n');
    const near = hint?.replace(/^\((.*)\)$/, '$1 ') ?? '';
    throw this.misuse(what.replace(/\.$/, ''), near);
  }

  /** Help that was asked for is printed; help that commander gives in place of an answer is misuse, but for a bare `isthmus`. */
  override help(context?: unknown): never {
    const instead = (context as { error?: boolean } | undefined)?.error === true;
    const names = this.commands.map((command) => command.name());
    const unknown = this.args.at(-1);
    if (instead && unknown !== undefined) {
      const near = closest(unknown, names);
      throw this.misuse(`unknown command '${unknown}'`, near && `Did you mean ${near}? `);
    }
    if (instead && this.parent !== null) {
      throw this.misuse(`'${this.path}' needs one of ${names.join(', ')}`);
    }
    return super.help();
  }

  /** A USAGE error of this verb; `advice` goes before the pointer to its help. */
  misuse(what: string, advice = ''): IsthmusError {
    const fix = `${advice}Run \`${this.path} --help\`.`;
    return new IsthmusError('USAGE', { what: what.charAt(0).toUpperCase() + what.slice(1), fix });
  }

  /** The words that lead here: `isthmus get clusters`. */
  get path(): string {
    const names = [];
    for (let at: Command | null = this; at; at = at.parent) names.unshift(at.name());
    return names.join(' ');
  }

  #examplesText(helper: Help): string {
    if (this.#examples.length === 0) return '';
    const lines = this.#examples.map(
      ([line, does]) => `  # ${does}\n  ${helper.styleCommandText(line)}\n`,
    );
    return `${helper.styleTitle('Examples:')}\n${lines.join('\n')}\n`;
  }
}

/** Collects an option that may be repeated. Not commander's variadic: that swallows the arguments after it. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Gives a verb the options by which documents are named. */
export function fileOptions(verb: Verb): Verb {
  return verb
    .option(
      '-f, --file <file>',
      'Documents: a file, a folder, or - for standard input. May be repeated.',
      repeated,
    )
    .option('-R, --recursive', 'Of a folder, those in the folders in it as well.')
    .option('-n, --namespace <namespace>', 'Namespace of documents that name none, not default.');
}

export function watchOption(): Option {
  return new Option('-w, --watch', 'Go on, with each that is new or other than it was.');
}

export function noHeaders(): Option {
  return new Option('--no-headers', 'Without the line of titles.');
}

/** An option that takes one of `values`; a near miss is answered with a suggestion. */
export function choiceOption(
  flags: string,
  description: string,
  values: readonly string[],
): Option {
  const option = new Option(flags, description).choices(values);
  return option.argParser((given: string) => choice(option.long ?? flags, given, values));
}

/** `given` when it is one of `values`; else throws USAGE, naming the nearest. */
export function choice(what: string, given: string, values: readonly string[]): string {
  if (values.includes(given)) return given;
  const near = closest(given, values);
  throw new IsthmusError('USAGE', {
    what: `${what} can't be ${JSON.stringify(given)}`,
    fix: `${near === undefined ? '' : `Did you mean ${near}? `}Use one of ${values.join(', ')}.`,
  });
}

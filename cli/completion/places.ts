/** Owns what a shell may offer, read off the command tree: at each verb its subverbs, options and the kinds of their values. */
import type { Command, Option } from 'commander';
import { jsonSchemaFormat } from '../output.ts';
import { listedKinds } from '../policy-kinds.ts';
import { Verb } from '../verb.ts';

/** Names only a running gateway or the configuration file knows; `isthmus __complete KIND` prints them. */
export const liveKinds: readonly string[] = [
  ...['clusters', 'services', 'drills', 'schedules', 'contexts'],
  ...listedKinds.map(({ plural }) => plural),
];

/** Flags that say which gateway is asked, and as whom: names are asked for with those that stand on the line already. */
export const reachFlags = [
  '--admin',
  '--context',
  '--admin-token-file',
  '--ca',
  '--cert',
  '--key',
] as const;

/** The values that a shell may offer. */
export type Values =
  | { readonly kind: 'any' | 'files' | 'folders' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** `of` is one of `liveKinds`. */
  | { readonly kind: 'live'; readonly of: string };

export interface Offer {
  readonly word: string;
  readonly description: string;
}

export interface OptionOffer {
  /** `['-o', '--output']` */
  readonly words: readonly string[];
  readonly description: string;
  /** Undefined for an option that takes no value. */
  readonly values: Values | undefined;
}

/** One verb, or the program itself, and what may follow it. */
export interface Place {
  /** Verbs that lead here, such as `get clusters`, or `get cluster`, its other name; '' for the program itself. */
  readonly path: string;
  readonly verbs: readonly Offer[];
  readonly options: readonly OptionOffer[];
  /** The kind of the first argument. */
  readonly argument: Values;
}

/** Every place of `program`, itself first. Hidden verbs and options are left out. */
export function placesOf(program: Command): Place[] {
  const globals = program.options.filter((option) => option.long !== '--version');
  const walk = (command: Command, path: string): Place[] => {
    const visible = command.createHelp().visibleCommands(command);
    const verbs = visible.filter((sub) => command.commands.includes(sub));
    const own = command.createHelp().visibleOptions(command);
    const options = command === program ? own : [...own, ...globals];
    const hasNames = command === program || (command instanceof Verb && command.hasNames);
    const hasSchema = command instanceof Verb && command.formats.includes(jsonSchemaFormat);
    const unfit = new Set([
      ...(hasNames ? [] : ['name']),
      ...(hasSchema ? [] : [jsonSchemaFormat]),
    ]);
    const first = command.registeredArguments[0];
    const place: Place = {
      path,
      verbs: verbs.map((verb) => ({ word: verb.name(), description: verb.description() })),
      options: options.map((option) => optionOffer(option, unfit)),
      argument: first ? valuesOf(first.name(), first.argChoices) : { kind: 'any' },
    };
    const below = verbs.flatMap((verb) =>
      [verb.name(), ...verb.aliases()].flatMap((name) => walk(verb, `${path} ${name}`.trim())),
    );
    return [place, ...below];
  };
  return walk(program, '');
}

/** `unfit` are formats in which a verb prints nothing. */
function optionOffer(option: Option, unfit: ReadonlySet<string>): OptionOffer {
  const placeholder = /<([^>]+)>/.exec(option.flags)?.[1];
  const isOutput = option.attributeName() === 'output';
  const choices = isOutput
    ? option.argChoices?.filter((format) => !unfit.has(format))
    : option.argChoices;
  return {
    words: [option.short, option.long].filter((word) => word !== undefined),
    description: option.description,
    values: placeholder === undefined ? undefined : valuesOf(placeholder, choices),
  };
}

/** The kind of a value, told by the name of its placeholder. */
function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (placeholder === 'file') return { kind: 'files' };
  if (placeholder === 'dir') return { kind: 'folders' };
  const policies = listedKinds.find(({ singular }) => singular === placeholder);
  const live = policies?.plural ?? liveKinds.find((kind) => kind === `${placeholder}s`);
  return live === undefined ? { kind: 'any' } : { kind: 'live', of: live };
}

/** Every option, anywhere, that is followed by a value: the next word is not a verb. */
export function valueOptions(places: readonly Place[]): string[] {
  const options = places.flatMap(({ options }) => options).filter(({ values }) => values);
  return [...new Set(options.flatMap(({ words }) => words))].sort();
}

/** `place/verb` for each step that leads from one place to another. */
export function steps(places: readonly Place[]): string[] {
  const below = places.map(({ path }) => path).filter((path) => path !== '');
  return below.map((path) => path.replace(/(?:^| )(?=\S+$)/, '/'));
}

/** A word in single quotes, as bash and zsh read it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Owns a drill on the command line: its flags, and what the admin API takes, from them or a file. */
import { Option } from 'commander';
import { IsthmusError } from '../core/errors.ts';
import {
  type DrillField,
  drillFields,
  type Overridable,
  overridable,
  specOfFields,
} from '../federation/drills/fields.ts';
import type { DrillSpecInput } from '../federation/drills/model.ts';
import type { Cli } from './cli.ts';
import { repeated, type Verb } from './verb.ts';
import { readWritten } from './written.ts';

/** The flags of `drill run` that say what it is, as commander gives them. */
export type SpecFlags = Readonly<Record<string, unknown>> & {
  readonly file?: string;
  readonly link?: readonly [from: string, to: string];
  readonly override?: readonly string[];
};

const flags: readonly (readonly [field: DrillField, flag: string, does: string])[] = [
  ['cluster', '--cluster <cluster>', 'The cluster concerned.'],
  ['service', '--service <service>', 'The service concerned: <service>.<namespace>.'],
  ['zone', '--zone <zone>', 'A zone of --cluster.'],
  ['delay', '--delay <duration>', 'slow: what is added to each request.'],
  ['jitter', '--jitter <duration>', 'slow: more or less by up to this. Default 0s.'],
  ['failPercent', '--percent <number>', 'fail: how many of the requests.'],
  ['failStatus', '--status <status>', 'fail: what they are answered. Default 503.'],
  ['ramp', '--ramp <duration>', 'From nothing to all, and back. Default 10s.'],
  ['duration', '--duration <duration>', 'How long in full. Default 60s.'],
  [
    'errorRate',
    '--max-errors <share>',
    'Guardrail: requests that may fail, 0.01 or 1%. Default 1%.',
  ],
  ['p99', '--max-p99 <duration>', 'Guardrail: the p99 of requests. Default: not watched.'],
  ['load', '--max-load <share>', 'Guardrail: load against stated capacity. Default 90%.'],
  [
    'minHealthy',
    '--min-healthy <count>',
    'Guardrail: healthy copies left of each service. Default 1.',
  ],
  [
    'timeLimit',
    '--time-limit <duration>',
    'Guardrail: every gateway lets go after this. Default 5m.',
  ],
  ['rto', '--rto <duration>', 'Objective: time to recover. Default 5s.'],
  ['errorBudget', '--error-budget <share>', 'Objective: requests that may fail. Default 0.1%.'],
  ['reason', '--reason <text>', 'Why; it is in the report.'],
];

const options = flags.map(([field, flag, does]) => {
  const option = new Option(flag, does);
  option.argParser((text: string) => read(option.long ?? flag, field, text));
  return { field, option };
});

export function specFlags(run: Verb): Verb {
  run
    .option('-f, --file <file>', 'The drill, as YAML or JSON; - is standard input. Flags win.')
    .option('--link <from,to>', 'What one cluster sends to another.', linkOf);
  for (const { option } of options) run.addOption(option);
  return run.option(
    '--override <limit>',
    'With --force: what ends it in place of a guardrail it breaks, as errorRate=20%. Repeatable.',
    repeated,
  );
}

/** Throws USAGE for a value that can't be read; what values mean together, the gateway judges. */
export async function drillSpec(
  cli: Cli,
  kind: string | undefined,
  { file, link, override, ...given }: SpecFlags,
): Promise<DrillSpecInput> {
  const written = file === undefined ? {} : await readWritten(cli, file);
  const [from, to] = link ?? [];
  const fields = options.map(({ field, option }) => [field, given[option.attributeName()]]);
  const spec: Partial<DrillSpecInput> = {
    ...written,
    ...(kind !== undefined && { kind: kind as DrillSpecInput['kind'] }),
    ...specOfFields({ ...Object.fromEntries(fields), from, to }),
    ...(override && { overrides: Object.fromEntries(override.map(overrideOf)) }),
  };
  if (spec.kind === undefined) {
    throw new IsthmusError('USAGE', {
      what: 'What kind of drill is not said',
      fix: 'Name it, as in `isthmus drill run evacuate --cluster dc1`, or give a file with --file.',
    });
  }
  return spec as DrillSpecInput;
}

/** `errorRate=20%`, `p99=2s`, `load=120%`, `minHealthy=0`. */
function overrideOf(text: string): [guardrail: Overridable, limit: unknown] {
  const [name = '', limit = ''] = text.split('=');
  const guardrail = overridable.find((one) => one === name);
  if (guardrail) return [guardrail, read(`--override ${name}`, guardrail, limit)];
  throw new IsthmusError('USAGE', {
    what: `--override can't be ${JSON.stringify(text)}`,
    fix: 'Write a guardrail and its limit: errorRate=20%, p99=2s, load=120% or minHealthy=0.',
  });
}

/** `FROM,TO`. */
function linkOf(text: string): readonly [from: string, to: string] {
  const [from = '', to = '', ...more] = text.split(',').map((name) => name.trim());
  if (from !== '' && to !== '' && more.length === 0) return [from, to];
  throw new IsthmusError('USAGE', {
    what: `--link can't be ${JSON.stringify(text)}`,
    fix: 'Write FROM,TO: two clusters, as in --link dc1,dc2.',
  });
}

function read(flag: string, field: DrillField, text: string): unknown {
  const { unit } = drillFields[field];
  if (unit !== 'number' && unit !== 'share') return text;
  const percent = unit === 'share' ? /^(.*)%$/.exec(text.trim())?.[1] : undefined;
  const number = percent ?? text;
  const value = Number(number);
  if (number.trim() !== '' && Number.isFinite(value)) {
    return percent === undefined ? value : value / 100;
  }
  throw new IsthmusError('USAGE', {
    what: `${flag} can't be ${JSON.stringify(number)}`,
    fix: 'Write a number.',
  });
}

/** Owns reading a drill off a command line or a file: what the admin API takes. */
import { IsthmusError } from '../../core/errors.ts';
import type { DrillSpecInput } from '../drills/model.ts';
import type { Cli } from './cli.ts';
import { readWritten } from './written.ts';

/** The options of `drill run`, as commander gives them. */
export interface DrillOptions {
  readonly file?: string;
  readonly cluster?: string;
  readonly service?: string;
  readonly zone?: string;
  readonly link?: string;
  readonly delay?: string;
  readonly jitter?: string;
  readonly percent?: string;
  readonly status?: string;
  readonly ramp?: string;
  readonly duration?: string;
  readonly maxErrors?: string;
  readonly maxP99?: string;
  readonly maxLoad?: string;
  readonly minHealthy?: string;
  readonly timeLimit?: string;
  readonly rto?: string;
  readonly errorBudget?: string;
  readonly reason?: string;
}

/** Throws USAGE for a value that can't be read; what values mean together, the gateway judges. */
export async function drillSpec(
  cli: Cli,
  kind: string | undefined,
  options: DrillOptions,
): Promise<DrillSpecInput> {
  const { file, ...flags } = options;
  const written = file === undefined ? {} : await readWritten(cli, file);
  const given = compact({
    kind,
    scope: compact({
      cluster: flags.cluster,
      service: flags.service,
      zone: flags.zone,
      link: flags.link === undefined ? undefined : linkOf(flags.link),
    }),
    slow: compact({ delay: flags.delay, jitter: flags.jitter }),
    fail: compact({
      percent: numberOf('--percent', flags.percent),
      status: numberOf('--status', flags.status),
    }),
    ramp: flags.ramp,
    duration: flags.duration,
    guardrails: compact({
      errorRate: shareOf('--max-errors', flags.maxErrors),
      p99: flags.maxP99,
      load: shareOf('--max-load', flags.maxLoad),
      minHealthy: numberOf('--min-healthy', flags.minHealthy),
      timeLimit: flags.timeLimit,
    }),
    objectives: compact({
      rto: flags.rto,
      errorBudget: shareOf('--error-budget', flags.errorBudget),
    }),
    reason: flags.reason,
  });
  const spec = { ...written, ...given } as Partial<DrillSpecInput>;
  if (spec.kind === undefined) {
    throw new IsthmusError('USAGE', {
      what: 'What kind of drill is not said',
      fix: 'Name it, as in `isthmus drill run evacuate --cluster dc1`, or give a file with --file.',
    });
  }
  return spec as DrillSpecInput;
}

/** `FROM,TO`. */
function linkOf(text: string): { from: string; to: string } {
  const [from = '', to = '', ...more] = text.split(',').map((name) => name.trim());
  if (from !== '' && to !== '' && more.length === 0) return { from, to };
  throw new IsthmusError('USAGE', {
    what: `--link can't be ${JSON.stringify(text)}`,
    fix: 'Write FROM,TO: two clusters, as in --link dc1,dc2.',
  });
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new IsthmusError('USAGE', {
    what: `${flag} can't be ${JSON.stringify(text)}`,
    fix: 'Write a number.',
  });
}

/** A part of a whole, as `0.01` or `1%`. */
function shareOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^(.*)%$/.exec(text.trim())?.[1];
  const value = numberOf(flag, percent ?? text);
  return value === undefined || percent === undefined ? value : value / 100;
}

/** Without what is undefined; itself undefined when nothing is left. */
function compact(fields: object): Record<string, unknown> | undefined {
  const left = Object.entries(fields).filter(([, value]) => value !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

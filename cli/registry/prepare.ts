/** Owns `isthmus registry prepare`: a user and a role of an etcd for a cluster, as the plan says that is printed first. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../core/files.ts';
import { parseClusterName, parseFederationName, trustDomainOf } from '../../core/names.ts';
import { prefixEnd } from '../../registry/range.ts';
import { EtcdUsers } from '../../registry/roles/etcd-users.ts';
import {
  type Permission,
  permissionsOf,
  type Right,
  rights,
} from '../../registry/roles/permissions.ts';
import { type Held, type Step, stepsAway, stepsTo } from '../../registry/roles/plan.ts';
import type { Cli } from '../cli.ts';
import { confirm, requireAnswer } from '../confirm.ts';
import type { View } from '../table.ts';
import { printable } from '../terminal.ts';
import { choice, type Verb } from '../verb.ts';
import { type EtcdAccess, type EtcdFlags, etcdAccess, etcdOptions } from './etcd-access.ts';

interface PrepareOptions extends EtcdFlags {
  readonly cluster?: string;
  readonly federation?: string;
  readonly may: readonly Right[];
  readonly byCertificate?: true;
  readonly writePassword?: string;
  readonly remove?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function prepareVerb(registry: Verb, cli: Cli): void {
  const verb = registry
    .command('prepare')
    .description(
      "Give a cluster a user of its own in etcd, with a role that may write only what is the cluster's; or correct these.",
    )
    .option('--cluster <name>', 'The cluster; default that of the configuration.')
    .option('--federation <name>', 'Its federation; default that of the configuration.')
    .option(
      '--may <right>',
      `What it may do beside, and no run before this one counts: ${rights.join(', ')}. May be repeated.`,
      (given: string, before: readonly string[]) => [...before, choice('--may', given, rights)],
      [],
    )
    .option('--by-certificate', 'The user has no password: its certificate names it as CN.')
    .option(
      '--write-password <file>',
      'File for the password of a user that is made; default <cluster>.<federation>.password.',
    )
    .option('--remove <cluster>', "Take a cluster's user and role away.")
    .option('--dry-run', 'Only show what would be done.')
    .option('--yes', 'Remove without asking.')
    .examples(
      [
        'isthmus registry prepare -c gateway.yaml --user root --password-file root.password --may admit --may policies --may grants',
        'for the cluster that founds the federation',
      ],
      [
        'isthmus registry prepare --endpoints https://etcd-1:2379 --ca etcd-ca.pem --user root --password-file root.password --federation acme --cluster dc2',
        'for a cluster that is about to join',
      ],
      [
        'isthmus registry prepare -c gateway.yaml --user root --password-file root.password --remove dc2',
        'for one that has left, or was evicted',
      ],
    );
  etcdOptions(verb).action((options: PrepareOptions) => prepare(cli, options));
}

async function prepare(cli: Cli, options: PrepareOptions): Promise<void> {
  const { dryRun = false, remove, yes } = options;
  if (remove !== undefined && !dryRun) requireAnswer(cli, yes, 'isthmus registry prepare --remove');
  const access = await etcdAccess(cli, options);
  const role = roleOf(options, access);
  const name = trustDomainOf(role.cluster, role.federation);
  const users = new EtcdUsers({ ...access, clock: systemClock });
  try {
    const held = await users.held(name);
    const steps =
      remove === undefined ? stepsTo(name, held, permissionsOf(role)) : stepsAway(name, held);
    const enforced = await users.isEnforced();
    const isMade = steps.some(({ kind }) => kind === 'add-user') && options.byCertificate !== true;
    const passwordFile = isMade ? resolve(options.writePassword ?? `${name}.password`) : undefined;
    if (remove !== undefined && !dryRun && steps.length > 0) {
      if (yes !== true) cli.noteLaidOut((view) => planText(name, steps, view));
      if (!(await confirm(cli, yes, `Take ${name} away?`))) return;
    }
    if (!dryRun) await take(users, steps, passwordFile);
    cli.print({ name, steps, dryRun, enforced, passwordFile }, (view) =>
      planText(name, steps, view),
    );
    if (remove === undefined) noteHowToUse(cli, name, passwordFile, options);
    warnOfGaps(cli, name, held, enforced);
  } finally {
    users.close();
  }
}

async function take(
  users: EtcdUsers,
  steps: readonly Step[],
  passwordFile: string | undefined,
): Promise<void> {
  const password = passwordFile && (await passwordIn(passwordFile));
  for (const step of steps) await users.take(step, password);
}

/** What makes the role less of a bound than it seems. */
function warnOfGaps(cli: Cli, name: string, { roles = [] }: Held, enforced: boolean): void {
  const more = roles.filter((one) => one !== name);
  if (more.length > 0) {
    cli.warn(
      `The user ${name} has other roles as well, and may do what they permit: ${more.join(', ')}`,
    );
  }
  if (!enforced) {
    cli.warn(
      'etcd asks nobody who they are, so that roles bind nobody: `etcdctl user add root`, `etcdctl user grant-role root root`, `etcdctl auth enable`',
    );
  }
}

/** Whose role it is. Throws USAGE where nothing says so, NAME_INVALID for what is no name. */
function roleOf(options: PrepareOptions, { config }: EtcdAccess) {
  const cluster = options.remove ?? options.cluster ?? config?.cluster;
  const federation = options.federation ?? config?.federation;
  if (cluster === undefined || federation === undefined) {
    throw new IsthmusError('USAGE', {
      what: 'It is not said for which cluster of which federation',
      fix: 'Give --cluster and --federation, or -c with the configuration of its gateway.',
    });
  }
  return {
    cluster: parseClusterName(cluster),
    federation: parseFederationName(federation),
    rights: options.may,
  };
}

/** Made before the user is: a run that was interrupted goes on with the password that it left. */
async function passwordIn(file: string): Promise<string> {
  const left = (await readFileIfAny(file))?.trim();
  if (left) return left;
  const password = randomBytes(32).toString('base64url');
  await writeFileAtomic(file, `${password}\n`, 0o600);
  return password;
}

function noteHowToUse(
  cli: Cli,
  name: string,
  file: string | undefined,
  { byCertificate }: PrepareOptions,
): void {
  if (byCertificate === true) {
    cli.note(`Give its gateways a certificate whose CN is ${name} (registry.etcd.cert and key).`);
  } else if (file !== undefined) {
    cli.note(
      `The password is in ${printable(file)} (0600). In the configuration of its gateways:\n` +
        `  registry: { etcd: { username: ${name}, passwordFile: <that file, there> } }`,
    );
  }
}

function planText(name: string, steps: readonly Step[], view: View): string {
  if (steps.length === 0) return printable(`${name} is as it is to be`);
  return steps
    .map(
      (step) =>
        `${view.paint('bold', words[step.kind].padEnd(width))}  ${printable(objectOf(step))}`,
    )
    .join('\n');
}

const words: Readonly<Record<Step['kind'], string>> = {
  'add-role': 'add role',
  grant: 'permit',
  revoke: 'permit no more',
  'add-user': 'add user',
  'give-role': 'give role',
  'delete-user': 'delete user',
  'delete-role': 'delete role',
};
const width = Math.max(...Object.values(words).map(({ length }) => length));

function objectOf(step: Step): string {
  return 'permission' in step ? permissionText(step.permission) : step.name;
}

/** `readwrite /a/b`, `read /a/*`, or `read /a/ up to /a/tokens/`. */
function permissionText({ type, key, end }: Permission): string {
  const range =
    end === '' ? key : end === prefixEnd(key).toString() ? `${key}*` : `${key} up to ${end}`;
  return `${type.toLowerCase()} ${range}`;
}

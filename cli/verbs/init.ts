/** Owns `isthmus init`: writing a first configuration file. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ParentFiles, readParentAuthority } from '../../certs/parent-authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { isLabel, parseClusterName, parseFederationName, trustDomainOf } from '../../core/names.ts';
import { parseConfig } from '../../gateway/control/config/config.ts';
import type { Cli } from '../cli.ts';
import { gatewayTemplate } from '../gateway-template.ts';
import { type AddressOptions, addressesOf } from '../init-addresses.ts';
import type { Verb } from '../verb.ts';

interface Options extends AddressOptions {
  readonly cluster: string;
  readonly federation: string;
  readonly region: string;
  readonly zone?: string;
  readonly dir: string;
  readonly found?: boolean;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly caPasswordFile?: string;
  readonly force?: boolean;
}

export function initVerb(program: Verb, cli: Cli): void {
  program
    .command('init')
    .description('Write gateway.yaml, commented and ready to run.')
    .requiredOption('--cluster <name>', 'Name of this cluster, such as dc1.')
    .requiredOption('--federation <name>', 'Name of the federation, such as acme.')
    .requiredOption('--region <name>', 'Region it is in, such as us-east.')
    .option('--zone <name>', 'Zone of this gateway, such as us-east-1a.')
    .option(
      '--advertise <host>',
      "Name or address other clusters reach this gateway at. Default: this machine's address.",
    )
    .option(
      '--advertise-east-west <address>',
      'Where other gateways dial it, as host:port. Default: --advertise, and the port listened on.',
    )
    .option('--advertise-federation <address>', 'Where joining clusters dial it.')
    .option(
      '--advertise-registry <address>',
      'With --found: where other clusters dial its registry.',
    )
    .option(
      '--listen-outbound <address>',
      "host:port, or a port, for this cluster's programs. Default 127.0.0.1:7080.",
    )
    .option('--listen-east-west <address>', 'For gateways of other clusters. Default 0.0.0.0:7443.')
    .option('--listen-federation <address>', 'Where clusters join. Default 0.0.0.0:7444.')
    .option(
      '--listen-admin <address>',
      'For this command and the UI; also unix:/path. Default 127.0.0.1:7001.',
    )
    .option('--listen-registry <address>', 'With --found: for its registry. Default 0.0.0.0:7379.')
    .option('--found', 'Found the federation: this gateway hosts its registry.')
    .option(
      '--ca-cert <file>',
      "The enterprise's authority above this cluster's: PEM, with those above it, or PKCS#12. Default: none.",
    )
    .option('--ca-key <file>', 'Its private key, PEM. Default: in the file of --ca-cert.')
    .option('--ca-password-file <file>', 'Its password, on the first line of a file.')
    .option('--dir <dir>', 'Folder to write it to.', '.')
    .option('--force', 'Replace a file that is there.')
    .examples(
      [
        'isthmus init --cluster dc1 --federation acme --region us-east --found',
        'the first cluster',
      ],
      ['isthmus init --cluster dc2 --federation acme --region eu-west', 'one that will join'],
      [
        'isthmus init --cluster dc3 --federation acme --region eu-west --listen-east-west 8443 --advertise gw.example.com',
        'on another port, under a name',
      ],
      [
        'isthmus init --cluster dc1 --federation acme --region us-east --found --ca-cert corp.p12 --ca-password-file password',
        "under the enterprise's authority",
      ],
    )
    .action((options: Options) => init(cli, options));
}

async function init(cli: Cli, options: Options): Promise<void> {
  const path = join(options.dir, 'gateway.yaml');
  const cluster = parseClusterName(options.cluster);
  const federation = parseFederationName(options.federation);
  const ca = caOf(options);
  if (ca !== undefined) {
    const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
    await readParentAuthority(ca, trustDomain, systemClock.now());
  }
  const text = gatewayTemplate({
    ...{ cluster, federation, ca },
    region: parseLabel('region', options.region),
    zone: options.zone === undefined ? undefined : parseLabel('zone', options.zone),
    addresses: await addressesOf(options),
    found: options.found === true,
  });
  // A gateway must take the file that is written: it is read here as a gateway will read it.
  parseConfig(text, path);
  if (options.force !== true && (await exists(path))) {
    throw new IsthmusError('FILE_UNWRITABLE', {
      what: 'The file is there already',
      where: path,
      fix: 'Add --force to replace it, or choose another folder with --dir.',
    });
  }
  await writeFileAtomic(path, text, 0o644);
  cli.print({ path }, () => path);
  cli.note(`Next: isthmus gateway -c ${path}`);
  if (options.found !== true) {
    cli.note(
      'Then, with a token from a member (`isthmus token create`): isthmus join --token-file FILE',
    );
  }
}

/** The files, by their whole paths: the configuration may be in another folder. Throws USAGE. */
function caOf({ caCert, caKey, caPasswordFile }: Options): ParentFiles | undefined {
  if (caCert === undefined) {
    if (caKey === undefined && caPasswordFile === undefined) return undefined;
    throw new IsthmusError('USAGE', {
      what: '--ca-key and --ca-password-file are of the authority that --ca-cert names',
    });
  }
  return {
    certificate: resolve(caCert),
    ...(caKey !== undefined && { key: resolve(caKey) }),
    ...(caPasswordFile !== undefined && { passwordFile: resolve(caPasswordFile) }),
  };
}

function parseLabel(kind: string, text: string): string {
  if (isLabel(text)) return text;
  throw new IsthmusError('NAME_INVALID', {
    what: `${JSON.stringify(text.slice(0, 80))} is not a valid ${kind} name`,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new IsthmusError('FILE_UNREADABLE', { what: String(thrown), where: path, cause: thrown });
  }
}

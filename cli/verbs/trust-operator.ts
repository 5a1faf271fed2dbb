/** Owns `isthmus trust operator`: a person's certificate for the admin API, in a file that browsers take in. */
import { generateKeyPair } from 'node:crypto';
import { access } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { makePkcs12 } from '../../certs/pkcs12-writing.ts';
import { parseCertificates } from '../../certs/server-certificate.ts';
import { IsthmusError } from '../../core/errors.ts';
import { readSecret, writeFileAtomic } from '../../core/files.ts';
import type { OperatorCertificate } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { moment } from '../words.ts';

interface Options {
  readonly out: string;
  readonly passwordFile: string;
  readonly days?: string;
  readonly force?: boolean;
}

const fewestCharacters = 8;

export function operatorVerb(trust: Verb, cli: Cli): void {
  trust
    .command('operator')
    .argument('<name>', 'Who it is for, such as alice.')
    .description(
      "Make a person's certificate for the admin API and UI, by this cluster's authority: PKCS#12, as browsers take it in.",
    )
    .requiredOption('--out <file>', 'The file to write.')
    .requiredOption(
      '--password-file <file>',
      'Its password, on the first line of a file; - is standard input.',
    )
    .option('--days <number>', 'How long it is valid, 365 at most. Default 30.')
    .option('--force', 'Replace a file that is there.')
    .examples(
      [
        'isthmus trust operator alice --out alice.p12 --password-file password',
        'the key is made here, and is in that file alone',
      ],
      [
        'curl --cert-type P12 --cert alice.p12 https://gw-1:7001/v1/status',
        'it asks for the password',
      ],
    )
    .action((name: string, options: Options) => operator(cli, name, options));
}

async function operator(cli: Cli, name: string, options: Options): Promise<void> {
  const { out, passwordFile, days, force } = options;
  const password = await readPassword(cli, passwordFile);
  if (!force && (await exists(out))) {
    throw new IsthmusError('FILE_UNWRITABLE', {
      what: 'The file is there already',
      where: out,
      fix: 'Add --force to replace it, or choose another name with --out.',
    });
  }
  const { publicKey, privateKey: key } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
  });
  const admin = await cli.admin();
  const { id, chain, notAfter } = await admin.send<OperatorCertificate>(
    ...(['POST', '/v1/trust/operators'] as const),
    {
      name,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
      ...(days !== undefined && { days: Number(days) }),
    },
  );
  const certificates = parseCertificates(chain);
  await writeFileAtomic(out, await makePkcs12({ key, certificates, name: id, password }), 0o600);
  cli.print({ path: out, id, notAfter }, () => printable(out));
  cli.note(
    printable(
      `${id}, until ${moment(notAfter)}. Gateways let it in where their configuration says as what:
admin:
  tls: { clientCa: data/ca/ca.crt }   # beside cert and key
  auth: { clientCertificates: [{ spiffe: ${id}, role: operator }] }`,
    ),
  );
}

async function readPassword(cli: Cli, file: string): Promise<string> {
  const text = file === '-' ? await readText(cli.io.stdin) : await readSecret(file);
  const password = text.split(/\r?\n/, 1)[0] ?? '';
  if (password.length >= fewestCharacters) return password;
  throw new IsthmusError('USAGE', {
    what: `The password has ${password.length} characters, where ${fewestCharacters} are the least`,
    fix: 'Put a longer one on the first line of the file.',
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Owns `isthmus convert`: documents of other systems, as documents of ours on standard output, and what has no equal on standard error. */
import { IsthmusError } from '../../core/errors.ts';
import { isLabel } from '../../core/names.ts';
import type { Cli } from '../cli.ts';
import type { SourceName } from '../convert/convert.ts';
import type { Told } from '../convert/field.ts';
import type { FileOptions } from '../documents/read.ts';
import { exitCodes } from '../exit.ts';
import { readyFor, serialize } from '../output.ts';
import { printable } from '../terminal.ts';
import { choiceOption, fileOptions, type Verb } from '../verb.ts';

interface ConvertOptions extends FileOptions {
  readonly from?: SourceName;
  readonly trustDomain?: string;
  readonly strict?: true;
}

const from = ['istio', 'consul', 'app-mesh'] as const satisfies readonly SourceName[];

export function convertVerb(program: Verb, cli: Cli): void {
  const verb = program
    .command('convert')
    .description(
      'Turn documents of Istio, Consul or App Mesh into ones of Isthmus. Asks no gateway. Exit code 3: something was left out.',
    )
    .examples(
      [
        'isthmus convert -f istio/ -R > policies.yaml',
        'what they say, and a report of what has no equal',
      ],
      ['isthmus convert -f istio/ | isthmus diff -f -', 'what that would change'],
      [
        'aws appmesh describe-route ... | isthmus convert -f - --strict',
        'nothing, where not all of it can be said',
      ],
    );
  fileOptions(verb)
    .addOption(choiceOption('--from <system>', 'Take documents of this system only.', from))
    .option(
      '--trust-domain <domain>',
      'Trust domain, <cluster>.<federation>, of callers that the documents name without one.',
    )
    .option('--strict', 'Print nothing unless all of it can be said here.')
    .action((options: ConvertOptions) => convert(verb, cli, options));
}

async function convert(verb: Verb, cli: Cli, options: ConvertOptions): Promise<void> {
  const { file, recursive = false, namespace = 'default', trustDomain, strict } = options;
  if (file === undefined) throw verb.misuse('nothing says what to convert', 'Name it with -f. ');
  if (trustDomain !== undefined && !isTrustDomain(trustDomain)) {
    throw verb.misuse(`${trustDomain} is no trust domain`, 'It is <cluster>.<federation>. ');
  }
  const [{ convertTexts }, { readFiles }] = await Promise.all([
    import('../convert/convert.ts'),
    import('../documents/files.ts'),
    readyFor('yaml'),
  ]);
  const texts = await readFiles(cli, file, recursive);
  const asked = { namespace, trustDomain, from: options.from };
  const { documents, told, faults } = convertTexts(texts, asked);
  if (faults.length > 0) {
    cli.fail(faults);
    return;
  }
  if (documents.length === 0 && told.length === 0) {
    throw new IsthmusError('CONFIG_INVALID', {
      what: 'There is no document',
      where: file.join(', '),
      fix: 'Name files or folders with documents; of folders within folders with -R.',
    });
  }
  for (const one of told) cli.note(printable(lineOf(one)));
  const left = told.filter(({ as }) => as === 'left-out').length;
  if (left > 0) {
    cli.exitCode = strict ? exitCodes.refused : exitCodes.degraded;
    cli.note(
      `${left} left out of what is to be converted${strict ? ', and with --strict nothing is printed' : ''}.`,
    );
  }
  if (strict && left > 0) return;
  const isJson = cli.format === 'json';
  const text = isJson
    ? serialize({ apiVersion: 'v1', kind: 'List', items: documents }, 'json')
    : documents.map((one) => serialize(one, 'yaml')).join('\n---\n');
  if (documents.length > 0) cli.io.stdout.write(`${text}\n`);
}

function isTrustDomain(text: string): boolean {
  return text.split('.').length === 2 && text.split('.').every(isLabel);
}

const words: Readonly<Record<Told['as'], string>> = {
  'left-out': 'left out',
  otherwise: 'otherwise here',
};

function lineOf({ as, where, path, why }: Told): string {
  const field = path.length === 0 ? '' : ` ${path.join('.')}`;
  return `${where}${field}: ${words[as]}: ${why}.`;
}

/** Owns `isthmus drill report` and `isthmus drill verify`: reading what came of a drill, and believing it. */
import type { ReportProof } from '../../federation/drills/report-signature.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import { choiceOption, type Verb } from '../verb.ts';
import { readWritten } from '../written.ts';

const reportFormats = ['md', 'html', 'json'] as const;

export function reportVerbs(drill: Verb, cli: Cli): void {
  drill
    .command('report')
    .argument('<drill>', 'Its id.')
    .description('Print the report on a drill that is over: Markdown, unless another is asked for.')
    .addOption(choiceOption('--format <format>', 'How to write it.', reportFormats))
    .examples(
      ['isthmus drill report 20261121-090000-1f3a', 'to read'],
      ['isthmus drill report 20261121-090000-1f3a --format html > drill.html', 'a page to keep'],
      ['isthmus drill report 20261121-090000-1f3a -o json', 'signed by the cluster that drove it'],
    )
    .action(async (id: string, { format }: { format?: string }) => {
      const admin = await cli.admin();
      const path = `/v1/drills/${encodeURIComponent(id)}/report`;
      if (format === undefined && cli.isData) {
        cli.print(await admin.get<object>(path), () => '');
        return;
      }
      const query = `?format=${format ?? 'md'}`;
      const text = await admin.read(path + query, 'text/markdown, text/html, application/json');
      cli.io.stdout.write(format === 'html' ? text : `${printable(text.trimEnd())}\n`);
    });
  drill
    .command('verify')
    .argument('<file>', 'The report as JSON or YAML; - is standard input.')
    .description('Check that a kept report is word for word what its cluster signed.')
    .examples(
      ['isthmus drill verify drill.json', 'whoever kept it, and wherever'],
      [
        'isthmus drill report 20261121-090000-1f3a -o json | isthmus drill verify -',
        'the last one',
      ],
    )
    .action(async (file: string) => {
      const report = await readWritten(cli, file);
      const admin = await cli.admin();
      const path = '/v1/drill-reports/verify';
      const proof = await admin.send<ReportProof>('POST', path, report);
      const { id, cluster, root } = proof;
      cli.print(proof, () =>
        printable(`The report on drill ${id} is as ${cluster} signed it, with its root ${root}`),
      );
    });
}

/** Owns `isthmus audit`: who changed, or tried to change, what, when and from where, and what was before and after. */
import type { AuditItem, Items } from '../../gateway/control/api/answers.ts';
import { isSelected, outcomes, type Selection } from '../../gateway/control/audit/selection.ts';
import { auditColumns } from '../audit-columns.ts';
import { changeText } from '../change-text.ts';
import type { Cli } from '../cli.ts';
import { type Kind, names, type Query } from '../listing.ts';
import { readMoment } from '../moment.ts';
import { renderTable, type View } from '../table.ts';
import { choiceOption, noHeaders, type Verb, watchOption } from '../verb.ts';
import { listOrWatch, type WatchOptions } from '../watching.ts';

interface AuditOptions extends WatchOptions, Selection {
  readonly since?: string;
  readonly until?: string;
}

export function auditVerb(program: Verb, cli: Cli): void {
  program
    .command('audit')
    .description('Show who changed, or tried to change, what at this gateway; oldest first.')
    .option('--since <moment>', 'From then on, or so long ago: 2026-11-29T20:00Z, 2h, 7d.')
    .option('--until <moment>', 'Until then.')
    .option('--actor <text>', 'Only of callers whose name has this in it.')
    .option('--operation <name>', 'Only of this operation: putTrafficPolicy.')
    .option('--resource <text>', 'Only about what has this in its name, or in its path.')
    .addOption(
      choiceOption('--outcome <outcome>', 'Only what was done, refused, or failed.', outcomes),
    )
    .examples(
      ['isthmus audit', 'the last thousand changes, refused ones too, and what they changed'],
      ['isthmus audit --since 7d --resource orders', 'who touched orders within a week'],
      ['isthmus audit --outcome refused --watch', 'what is refused, as it happens'],
    )
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((options: AuditOptions) =>
      options.watch
        ? listOrWatch(cli, told, options, {}, (entry) => isSelected(entry, options))
        : show(cli, options),
    );
}

async function show(cli: Cli, options: AuditOptions): Promise<void> {
  const { actor, operation, resource, outcome, headers } = options;
  const now = Date.now();
  const at = (option: 'since' | 'until') => {
    const text = options[option];
    return text && new Date(readMoment(`--${option}`, text, now)).toISOString();
  };
  const items = await all(cli, {
    ...{ since: at('since'), until: at('until') },
    ...{ actor, operation, resource, outcome },
  });
  cli.print(
    { items },
    (view) => (items.length === 0 ? '' : told.layout(items, { ...view, headers })),
    () => names(told, items),
  );
  if (items.length === 0) cli.note('Nothing of that is in the audit.');
}

/** Page by page: there may be more than one answer holds. */
async function all(cli: Cli, query: Query): Promise<AuditItem[]> {
  const admin = await cli.admin();
  const items: AuditItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await admin.get<Items<AuditItem>>('/v1/audit', { ...query, cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

const told: Kind<AuditItem> = { plural: 'audit', nameOf: ({ id }) => id, layout };

/** Each entry in a line, and below it what it changed. */
function layout(items: readonly AuditItem[], view: View): string {
  // The widths of all, so that each line stands under the one before.
  const { widths = [] } = view;
  renderTable(auditColumns, items, { ...view, widths });
  return items
    .flatMap((item, i) => [
      renderTable(auditColumns, [item], {
        ...view,
        widths,
        headers: i === 0 && view.headers !== false,
      }),
      ...(item.changes ?? []).map((change) => `    ${view.paint('dim', changeText(change))}`),
    ])
    .join('\n');
}

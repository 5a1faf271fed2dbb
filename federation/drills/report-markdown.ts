/** Owns a report as Markdown: headings and tables that any viewer shows. */
import type { Report } from './model.ts';
import { type ReportTable, reportModel } from './report-model.ts';

export function reportMarkdown(report: Report): string {
  const { title, verdict, tables } = reportModel(report);
  return [`# ${escaped(title)}`, `**${verdict}.**`, ...tables.map(section), ''].join('\n\n');
}

function section({ title, columns, rows }: ReportTable): string {
  const lines = [row(columns), row(columns.map(() => '---')), ...rows.map(row)];
  return `## ${escaped(title)}\n\n${lines.join('\n')}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`;
}

/** Text that reads the same and means nothing to Markdown or to a table. */
function escaped(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#&]/g, (character) => `\\${character}`);
}

/** Owns a report as one HTML page that needs nothing else: no script, no address to load from, everything escaped. */
import { createHash } from 'node:crypto';
import type { Report } from './model.ts';
import { loadChart } from './report-chart.ts';
import { type ReportTable, reportModel } from './report-model.ts';

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --line: #d5dae1; --paper: #fff; --good: #116b3a; --bad: #a4161a; --band: #e8eef7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a2abb8; --line: #3a414c; --paper: #14171c; --good: #5fd08f; --bad: #ff8a80; --band: #1f2733; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.passed { color: var(--good); } .failed { color: var(--bad); }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--soft); }
.axis { stroke: var(--line); } .band { fill: var(--band); } .line { fill: none; stroke-width: 2; }
.line-0 { stroke: #2563c9; } .line-1 { stroke: #c2410c; stroke-dasharray: 6 3; } .line-2 { stroke: #15803d; stroke-dasharray: 2 3; }
.line-3 { stroke: #9333ea; stroke-dasharray: 8 3 2 3; } .line-4 { stroke: #b08900; } .line-5 { stroke: #0e7490; stroke-dasharray: 4 4; }
ul.legend { list-style: none; padding: 0; display: flex; gap: 1.5rem; } ul.legend svg { width: 2rem; height: .6rem; }
`;

/** The policy of the page: it may load its own style, by its hash, and nothing else. */
export const reportPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;

export function reportHtml(report: Report): string {
  const { title, verdict, tables } = reportModel(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p><strong class="${report.verdict.passed ? 'passed' : 'failed'}">${escaped(verdict)}</strong></p>
${chart(report)}
${tables.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function chart({ moments }: Report): string {
  const drawn = loadChart(moments);
  if (!drawn) return '';
  const keys = drawn.legend.map(
    (name, i) =>
      `<li><svg viewBox="0 0 32 10" aria-hidden="true"><line class="line line-${i}" x1="0" y1="5" x2="32" y2="5"/></svg> ${escaped(name)}</li>`,
  );
  return `<h2>Requests per second, by who answered</h2>\n${drawn.svg}\n<ul class="legend">${keys.join('')}</ul>`;
}

function section({ title, columns, rows }: ReportTable): string {
  const head = columns.some((name) => name !== '')
    ? `<thead><tr>${columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead>`
    : '';
  const body = rows.map(
    ([first = '', ...rest]) =>
      `<tr><th scope="row">${escaped(first)}</th>${rest.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<section>\n<h2>${escaped(title)}</h2>\n<table>${head}<tbody>\n${body.join('\n')}\n</tbody></table>\n</section>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

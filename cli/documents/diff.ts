/** Owns showing what documents would change: each as it is and as it would be, with the defaults on both sides, as a unified diff. */

import { unifiedDiff } from '../../core/unified-diff.ts';
import { documentVersion } from '../../policy/documents.ts';
import type { PolicyDocument, PolicyName } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import { readyFor, serialize } from '../output.ts';
import { printable } from '../terminal.ts';
import { acceptedPlan } from './apply.ts';
import { effectOf, effectText } from './effect.ts';

interface Comparing {
  readonly set: string | undefined;
  readonly isPruned: boolean;
  /** Whether it is told what would become of the requests of the last minutes. */
  readonly tellsEffect: boolean;
}

interface Difference extends PolicyName {
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

export async function diffPolicies(
  cli: Cli,
  documents: readonly PolicyDocument[],
  { set, isPruned, tellsEffect }: Comparing,
): Promise<void> {
  await readyFor('yaml');
  const plan = await acceptedPlan(cli, documents, set);
  if (plan === undefined) return;
  const differences: Difference[] = plan.items
    .filter(({ change }) => change !== 'unchanged')
    .map(({ scope, kind, namespace, name, before, after }) => {
      const was = before && {
        ...(before.set !== undefined && { set: before.set }),
        spec: before.spec,
      };
      const will = { ...(set !== undefined && { set }), spec: after };
      return { scope, kind, namespace, name, before: was, after: will };
    });
  const left = isPruned ? plan.left : [];
  for (const { scope, kind, namespace, name, spec } of left) {
    differences.push({ scope, kind, namespace, name, before: { set, spec } });
  }
  const written = documents.filter((_, i) => plan.items[i]?.change !== 'unchanged');
  const effect =
    tellsEffect && differences.length > 0
      ? await effectOf(cli, { documents: written, removed: left })
      : undefined;
  cli.print({ items: differences, ...(effect && { effect }) }, (view) => {
    const lines = differences.flatMap((one) => diffOf(one));
    const text = lines.map((line) => painted(printable(line), view.paint)).join('\n');
    return effect === undefined ? text : `${text}\n\n${effectText(effect, documents, view)}`;
  });
  if (differences.length > 0) cli.exitCode = 1;
}

function diffOf(difference: Difference): string[] {
  const { scope, kind, namespace, name, before, after } = difference;
  const path = `${scope === 'federation' ? 'federation/' : ''}${kind}/${namespace}/${name}`;
  return unifiedDiff(textOf(difference, before), textOf(difference, after), {
    before: before === undefined ? '/dev/null' : `now/${path}`,
    after: after === undefined ? '/dev/null' : `applied/${path}`,
  });
}

/** A document as a file has it; the set, which a document does not say, above it. */
function textOf(
  { scope, kind, namespace, name }: PolicyName,
  said: Partial<Record<'set' | 'spec', unknown>> | undefined,
): string {
  if (said === undefined) return '';
  const { set, spec } = said;
  const metadata = { name, namespace, ...(scope === 'federation' && { scope }) };
  const document = { apiVersion: documentVersion, kind, metadata, spec };
  return `${set === undefined ? '' : `# of the set ${set}\n`}${serialize(document, 'yaml')}`;
}

function painted(
  line: string,
  paint: (color: 'red' | 'green' | 'bold', text: string) => string,
): string {
  if (/^(---|\+\+\+) /.test(line)) return paint('bold', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('+') ? paint('green', line) : line;
}

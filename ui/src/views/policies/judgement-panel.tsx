/** Owns showing what is wrong with a text, each fault leading to its line; or, where nothing is, what saving it would change. */
import { unifiedDiff } from '../../../../core/unified-diff.ts';
import { yamlOf } from '../../format/yaml.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import type { Tone } from '../../ui/tone.ts';
import { Standing, Warnings } from './standing.tsx';
import type { Fault, Judgement } from './use-judgement.ts';

interface JudgementPanelProps {
  readonly id: string;
  readonly judgement: Judgement;
  readonly isCurrent: boolean;
  readonly onGo: (fault: Fault) => void;
}

const changes = {
  created: ['ok', 'makes a new policy'],
  configured: ['info', 'changes the policy'],
  unchanged: ['quiet', 'changes nothing'],
  refused: ['bad', 'is refused'],
} as const satisfies Record<string, readonly [Tone, string]>;

export function JudgementPanel({ id, judgement, isCurrent, onGo }: JudgementPanelProps) {
  return (
    <Panel id="effect" title="What saving it does" lead="Asked of the gateway while you type.">
      <div id={id} class="stack" aria-live="polite" aria-busy={!isCurrent}>
        <Said judgement={judgement} onGo={onGo} />
      </div>
    </Panel>
  );
}

function Said({ judgement, onGo }: Pick<JudgementPanelProps, 'judgement' | 'onGo'>) {
  if (judgement.kind === 'asking') return <p class="faint">Asking the gateway …</p>;
  if (judgement.kind === 'unknown') return <ProblemNote problem={judgement.problem} />;
  if (judgement.kind === 'faulty') return <Faults faults={judgement.faults} onGo={onGo} />;
  const { document, planned } = judgement;
  const [tone, words] = changes[planned.change];
  const { problem, before, after } = planned;
  return (
    <>
      <p>
        <Badge tone={tone}>{planned.change}</Badge> Saving it {words}.
      </p>
      {problem && (
        <ProblemNote problem={{ code: problem.code, what: problem.detail, fix: problem.fix }} />
      )}
      {planned.inForce !== undefined && (
        <Standing inForce={planned.inForce} reason={planned.reason} />
      )}
      <Warnings of={[...planned.warnings, ...document.unhonoured]} />
      {before && after && <Difference before={yamlOf(before.spec)} after={yamlOf(after)} />}
    </>
  );
}

function Faults({
  faults,
  onGo,
}: {
  readonly faults: readonly Fault[];
  readonly onGo: (fault: Fault) => void;
}) {
  return (
    <ul class="faults">
      {faults.map((fault) => (
        <li key={`${fault.line}:${fault.column} ${fault.what}`}>
          <button type="button" class="button small-button" onClick={() => onGo(fault)}>
            Line {fault.line}, column {fault.column}
          </button>
          <p>{fault.what}.</p>
          <p class="faint">{fault.fix}</p>
        </li>
      ))}
    </ul>
  );
}

function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  const [, , ...lines] = unifiedDiff(before, after, { before: '', after: '' });
  if (lines.length === 0) return null;
  const name = 'What changes, defaults filled in';
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <figure class="code-text" aria-label={name} tabIndex={0}>
      <pre>
        {lines.map((line, i) => (
          <span key={i} class={marks[line[0] ?? '']}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  );
}

const marks: Readonly<Record<string, string>> = {
  '+': 'diff-added',
  '-': 'diff-removed',
  '@': 'faint',
};

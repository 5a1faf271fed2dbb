/** Owns the editor of one policy: the text, what is wrong with it, what saving it would change, and saving it in place of just what was seen. */
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import { apiPath, type PolicyId, type PolicyScope, viewPath } from '../../api/policies.ts';
import { useAction } from '../../api/use-action.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Form } from '../../ui/form.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { CodeArea, goTo } from './code-area.tsx';
import { type Base, forgetDraft, keepDraft } from './draft.ts';
import { EffectPanel } from './effect-panel.tsx';
import { JudgementPanel } from './judgement-panel.tsx';
import { useJudgement } from './use-judgement.ts';

interface PolicyEditorProps {
  /** By what the draft is kept. */
  readonly of: string;
  readonly text: string;
  readonly scope: PolicyScope;
  /** The policy that is edited; undefined for a new one. */
  readonly editing?: PolicyId;
  readonly base: Base | undefined;
  /** Above the text. */
  readonly children?: ComponentChildren;
}

export function PolicyEditor({ of, text, scope, editing, base, children }: PolicyEditorProps) {
  const { route } = useLocation();
  const area = useRef<HTMLTextAreaElement>(null);
  const judgedId = useId();
  const { judgement, isCurrent } = useJudgement(text, scope);
  const document = judgement.kind === 'planned' ? judgement.document : undefined;
  const change = judgement.kind === 'planned' ? judgement.planned.change : undefined;
  const wouldChange = document !== undefined && (change === 'created' || change === 'configured');
  const isAnother = document !== undefined && editing !== undefined && !isOf(document, editing);
  const saving = useAction(async () => {
    if (document === undefined) return;
    const id = { ...document, scope };
    // Without its set it would be of none.
    const query = base?.set === undefined ? '' : `?set=${encodeURIComponent(base.set)}`;
    await call(apiPath(id) + query, {
      method: 'PUT',
      body: document.spec,
      ...(base ? { ifMatch: base.tag } : { onlyNew: true }),
    });
    forgetDraft(of);
    route(viewPath(id));
  });
  const taken =
    editing === undefined && judgement.kind === 'planned' ? judgement.planned : undefined;
  const isTaken = taken?.before !== undefined;
  const canSave =
    !isTaken &&
    isCurrent &&
    change !== undefined &&
    change !== 'refused' &&
    !isAnother &&
    !saving.busy;
  const faults = judgement.kind === 'faulty' ? judgement.faults : [];
  return (
    <div class="policy-editor">
      <Panel id="text" title="What it says">
        <Form onSubmit={() => void (canSave && saving.run())}>
          {children}
          <CodeArea
            label="Policy as YAML"
            value={text}
            onChange={(next) => keepDraft(of, { text: next, base })}
            faults={isCurrent ? faults : []}
            describedBy={judgedId}
            area={area}
          />
          {isAnother && (
            <p class="note-warn">
              This names another policy than the one that is edited. Make that one as a new policy.
            </p>
          )}
          {taken?.before && (
            <p class="note-warn">
              <span>
                There is one by this name, written by {taken.before.by}.{' '}
                <a href={`${viewPath(taken)}/edit`}>Edit that one</a>, or use another name.
              </span>
            </p>
          )}
          <ProblemNote problem={saving.problem} />
          <div class="form-actions">
            <ActButton needs="operator" look="primary" disabled={!canSave}>
              {editing ? 'Save the policy' : 'Make the policy'}
            </ActButton>
          </div>
        </Form>
      </Panel>
      <div class="sticky stack">
        <JudgementPanel
          id={judgedId}
          judgement={judgement}
          isCurrent={isCurrent}
          onGo={(fault) => goTo(area.current, fault)}
        />
        <EffectPanel document={wouldChange ? { ...document, scope } : undefined} />
      </div>
    </div>
  );
}

function isOf(document: Omit<PolicyId, 'scope'>, { kind, namespace, name }: PolicyId): boolean {
  return document.kind === kind && document.namespace === namespace && document.name === name;
}

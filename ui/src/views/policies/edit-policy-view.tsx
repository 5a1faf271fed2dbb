/** Owns the view in which a policy is changed: what is typed is a change to what was seen, and somebody else's meanwhile is told. */
import { useRoute } from 'preact-iso';
import { keyOf, type PolicySummary, policyIn, scopeWords, viewPath } from '../../api/policies.ts';
import { policies, usePolicies } from '../../live/policies.ts';
import { vantage } from '../../live/vantage.ts';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Time } from '../../ui/time.tsx';
import { documentOf } from './document.ts';
import { type Base, draftOf, forgetDraft } from './draft.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { usePolicy, type Written } from './use-policy.ts';

export default function EditPolicyView() {
  const id = policyIn(useRoute().params);
  const broken = usePolicies();
  const live = policies.get(keyOf(id));
  const { written, problem } = usePolicy(id, live?.at);
  const of = `${vantage.value} ${keyOf(id)}`;
  const typed = draftOf(of);
  const base = typed?.base ?? (written && baseOf(written));
  const text = typed?.text ?? (written && documentOf(id, written.spec));
  return (
    <Page
      title={`${id.namespace}/${id.name}`}
      back={{ href: viewPath(id), title: `${id.kind} ${id.namespace}/${id.name}` }}
      lead={`Edit ${id.kind} at ${scopeWords[id.scope]}`}
    >
      <ProblemNote problem={problem ?? broken} />
      {typed && base && policies.known && (
        <Meanwhile now={live} base={base} onLoad={() => forgetDraft(of)} />
      )}
      {text === undefined ? (
        <Empty>{problem ? 'There is nothing to edit.' : 'Asking the gateway …'}</Empty>
      ) : (
        <PolicyEditor of={of} text={text} scope={id.scope} editing={id} base={base} />
      )}
    </Page>
  );
}

function baseOf({ told: { at, set }, tag }: Written): Base {
  return { at, tag, ...(set !== undefined && { set }) };
}

/** Who has changed or deleted what is edited since it was looked at. */
function Meanwhile({
  now,
  base,
  onLoad,
}: {
  readonly now: PolicySummary | undefined;
  readonly base: Base;
  readonly onLoad: () => void;
}) {
  if (now?.at === base.at) return null;
  return (
    <div class="note-warn" role="alert">
      {now === undefined ? (
        <p>It was deleted meanwhile. What is typed here can be made as a new policy.</p>
      ) : (
        <>
          <p>
            Changed meanwhile by {now.by}, <Time at={now.at} />. What is typed here is a change to
            what was there before, and is not saved over it.
          </p>
          <button type="button" class="button small-button" onClick={onLoad}>
            Load it as it is now
          </button>
        </>
      )}
    </div>
  );
}

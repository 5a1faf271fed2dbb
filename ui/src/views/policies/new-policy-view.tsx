/** Owns the view in which a policy is made: its kind, where it is to hold, and the text that its kind's schema begins. */
import { policyKindNames } from '../../../../policy/kind-names.ts';
import { type PolicyScope, scopeWords } from '../../api/policies.ts';
import { vantage } from '../../live/vantage.ts';
import { SelectField } from '../../ui/field.tsx';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { useQuery } from '../../url/use-query.ts';
import { draftOf } from './draft.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { useSkeleton } from './use-skeleton.ts';

const kindOptions = policyKindNames.map((kind) => [kind, kind] as const);
const scopeOptions = Object.entries(scopeWords);

export default function NewPolicyView() {
  const { values, set } = useQuery();
  const kind = values['kind'] || policyKindNames[0];
  const scope: PolicyScope = values['scope'] === 'federation' ? 'federation' : 'cluster';
  const of = `${vantage.value} new ${kind}`;
  const skeleton = useSkeleton(kind, scope);
  const text = draftOf(of)?.text ?? skeleton.text;
  return (
    <Page
      title="New policy"
      back={{ href: '/policies', title: 'Policies' }}
      lead="It is begun with what it must say; what else it may say stands there as comments."
    >
      <ProblemNote problem={skeleton.problem} />
      {text === undefined ? (
        <Empty>Asking the gateway …</Empty>
      ) : (
        <PolicyEditor of={of} text={text} scope={scope} base={undefined}>
          <div class="form-row">
            <SelectField
              label="Kind"
              value={kind}
              options={kindOptions}
              onChange={(next) => set({ kind: next })}
            />
            <SelectField
              label="Holds at"
              value={scope}
              options={scopeOptions}
              hint="At all clusters only by one that the founder has named for that."
              onChange={(next) => set({ scope: next })}
            />
          </div>
        </PolicyEditor>
      )}
    </Page>
  );
}

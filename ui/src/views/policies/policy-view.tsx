/** Owns the view of one written policy: what it says, for what it is in force, who wrote it, what it decided; and deleting it. */

import { useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { keyOf, policyIn, scopeWords, targetText, viewPath } from '../../api/policies.ts';
import { yamlOf } from '../../format/yaml.ts';
import { policies, usePolicies } from '../../live/policies.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Time } from '../../ui/time.tsx';
import { decidedText } from './decided.ts';
import { DeletePolicy } from './delete-policy.tsx';
import { documentOf } from './document.ts';
import { Standing, Warnings } from './standing.tsx';
import { usePolicy } from './use-policy.ts';

export default function PolicyView() {
  const id = policyIn(useRoute().params);
  const broken = usePolicies();
  const live = policies.get(keyOf(id));
  const { written, problem } = usePolicy(id, live?.at);
  const [deleting, setDeleting] = useState(false);
  // The live stream is of now; without it, what was fetched is what there is.
  const told = live ?? written?.told;
  const title = `${id.namespace}/${id.name}`;
  return (
    <Page
      title={title}
      back={{ href: '/policies', title: 'Policies' }}
      lead={`${id.kind} at ${scopeWords[id.scope]}`}
      actions={
        written && (
          <>
            <a class="button" href={`${viewPath(id)}/edit`}>
              Edit
            </a>
            <ActButton needs="operator" look="danger" onClick={() => setDeleting(true)}>
              Delete
            </ActButton>
          </>
        )
      }
    >
      <ProblemNote problem={problem ?? broken} />
      {written && (
        <DeletePolicy
          id={id}
          tag={written.tag}
          open={deleting}
          onClose={() => setDeleting(false)}
        />
      )}
      {written && told && (
        <div class="two-columns">
          <Panel
            id="says"
            title="What it says"
            lead="With the defaults of what was left out."
            actions={<CopyButton text={documentOf(id, written.spec)} what="the document" />}
          >
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
            <figure class="code-text" aria-label="What it says" tabIndex={0}>
              <pre>{yamlOf(written.spec)}</pre>
            </figure>
          </Panel>
          <Panel id="standing" title="What comes of it">
            <div class="stack">
              <Standing inForce={told.inForce} reason={told.reason} />
              <Warnings of={told.warnings} />
              <dl class="facts">
                <dt>For</dt>
                <dd>{live === undefined ? 'not known so far' : targetText(live)}</dd>
                <dt>Holds at</dt>
                <dd>{scopeWords[id.scope]}</dd>
                <dt>Written by</dt>
                <dd>
                  {told.by} in {told.cluster}
                </dd>
                <dt>Written</dt>
                <dd>
                  <Time at={told.at} />
                </dd>
                {told.set !== undefined && [
                  <dt key="set">Set</dt>,
                  <dd key="set said">
                    {told.set}: <code>isthmus apply --prune</code> of it deletes what it no longer
                    has
                  </dd>,
                ]}
                <dt>Decided here</dt>
                <dd>{decidedText(live?.decided ?? {}) || 'nothing since this gateway started'}</dd>
              </dl>
            </div>
          </Panel>
        </div>
      )}
    </Page>
  );
}

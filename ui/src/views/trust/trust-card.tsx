/** Owns one cluster's trust bundle: roots, how long they last, how far a rotation is, and who lags behind. */
import type { TrustItem } from '../../../../gateway/control/api/answers.ts';
import { Badge } from '../../ui/badge.tsx';
import { ExpiryBar } from '../../ui/expiry-bar.tsx';
import { Fingerprint } from '../../ui/fingerprint.tsx';
import { RotationSteps } from './rotation-steps.tsx';

export function TrustCard({
  item,
  joined,
}: {
  readonly item: TrustItem;
  readonly joined: number | undefined;
}) {
  const { cluster, trustDomain, sequence, fingerprints, notAfter, self, believed } = item;
  return (
    <article class="panel trust-card" aria-labelledby={`trust-${cluster}`}>
      <header class="panel-head">
        <div>
          <h2 id={`trust-${cluster}`}>{cluster}</h2>
          <p class="panel-lead mono">{trustDomain}</p>
        </div>
        <div class="chips">
          {self && <Badge tone="info">this cluster</Badge>}
          <Badge tone={believed ? 'ok' : 'bad'}>{believed ? 'believed' : 'not believed'}</Badge>
        </div>
      </header>
      <div class="panel-body stack">
        <dl class="facts">
          <dt>Sequence</dt>
          <dd class="num">{sequence}</dd>
          <dt>{fingerprints.length === 1 ? 'Root' : 'Roots'}</dt>
          <dd>
            <ul class="bare">
              {fingerprints.map((fingerprint) => (
                <li key={fingerprint}>
                  <Fingerprint value={fingerprint} />
                </li>
              ))}
            </ul>
          </dd>
        </dl>
        <ExpiryBar what="Root" notBefore={joined} notAfter={notAfter} />
        {item.leaf && (
          <ExpiryBar
            what="This gateway’s certificate"
            notBefore={item.leaf.notBefore}
            notAfter={item.leaf.notAfter}
          />
        )}
        <RotationSteps item={item} />
      </div>
    </article>
  );
}

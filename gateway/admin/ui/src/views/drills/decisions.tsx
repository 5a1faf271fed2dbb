/** Owns what decided where requests went in a drill: who carried load, and on demand who carried none and why. */
import type { Report } from '../../api/drills.ts';
import { Empty, Panel } from '../../ui/page.tsx';

export function Decisions({ report }: { readonly report: Report }) {
  const carrying = report.decisions.filter(({ load }) => load > 0);
  const idle = report.decisions.filter(({ load }) => load === 0);
  return (
    <Panel id="decisions" title="What decided" lead="While it was in force.">
      {carrying.length === 0 && <Empty>Nothing carried load.</Empty>}
      <DecisionList decisions={carrying} />
      {idle.length > 0 && (
        <details class="more">
          <summary>{idle.length} more carried nothing</summary>
          <DecisionList decisions={idle} />
        </details>
      )}
    </Panel>
  );
}

function DecisionList({ decisions }: { readonly decisions: Report['decisions'] }) {
  return (
    <ul class="decisions">
      {decisions.map(({ service, tier, load, reason }) => (
        <li key={`${service} ${tier}`}>
          <strong>{service}</strong> <span class="num">{load} %</span> to {tier}
          <span class="event-meta">{reason}</span>
        </li>
      ))}
    </ul>
  );
}

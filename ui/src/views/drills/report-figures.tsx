/** Owns the key figures of a drill's report. */
import type { Report } from '../../api/drills.ts';
import { ms, percent } from '../../format/number.ts';
import { Figure, Figures } from '../../ui/figure.tsx';

export function ReportFigures({ report }: { readonly report: Report }) {
  const { verdict, timing, during } = report;
  return (
    <Figures>
      <Figure
        label="Verdict"
        value={verdict.passed ? 'Passed' : 'Failed'}
        tone={verdict.passed ? 'ok' : 'bad'}
        note={`${verdict.objectives.filter(({ met }) => met).length} of ${verdict.objectives.length} objectives`}
      />
      <Figure
        label="Time to detect"
        value={ms(timing.detectMs)}
        note="until traffic began to move"
      />
      <Figure label="Time to shift" value={ms(timing.shiftMs)} note="until it had moved" />
      <Figure
        label="Time to revert"
        value={ms(timing.revertMs)}
        note={`until its load was back; the effect was gone after ${ms(timing.goneMs)}`}
      />
      <Figure
        label="Errors during"
        value={percent(during.errorRate)}
        tone={during.errors > 0 ? 'warn' : 'ok'}
        note={`${during.errors} of ${during.requests} requests`}
      />
    </Figures>
  );
}

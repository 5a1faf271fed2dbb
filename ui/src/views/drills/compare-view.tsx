/** Owns two drills side by side: did it get better? */
import { measures as timed } from '../../../../federation/drills/compare.ts';
import { type Drill, isOver, type Report, titleOf } from '../../api/drills.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { day } from '../../format/time.ts';
import { drills } from '../../live/store.ts';
import { SelectField } from '../../ui/field.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Table } from '../../ui/table.tsx';
import { useQuery } from '../../url/use-query.ts';

interface Measure {
  readonly name: string;
  readonly of: (report: Report) => number | undefined;
  readonly format: (value: number | undefined) => string;
  /** Default: less is. */
  readonly moreIsBetter?: boolean;
}

const measures: readonly Measure[] = [
  { name: 'Objectives met', of: metObjectives, format: String, moreIsBetter: true },
  ...timed.map(({ title, of }) => ({ name: title, of, format: ms })),
  { name: 'Effect gone', of: ({ timing }) => timing.goneMs, format: ms },
  { name: 'Errors during', of: ({ during }) => during.errorRate, format: percent },
  { name: 'Requests during', of: ({ during }) => during.requestsPerSecond, format: perSecond },
];

export default function CompareView() {
  const { values, set } = useQuery();
  const finished = drills.list
    .filter(isOver)
    .sort((a, b) => b.createdAt - a.createdAt)
    .map((drill): [string, string] => [
      drill.id,
      `${titleOf(drill)}, ${day(drill.createdAt)} ${new Date(drill.createdAt).toLocaleTimeString('en', { hourCycle: 'h23' })}`,
    ]);
  const first = useDrill(values['a']);
  const second = useDrill(values['b']);
  const [a, b] = [first.value?.report, second.value?.report];
  const side = (label: string, name: 'a' | 'b') => (
    <SelectField
      label={label}
      value={values[name] ?? ''}
      onChange={(id) => set({ [name]: id })}
      options={[['', 'Choose a drill'], ...finished]}
    />
  );
  return (
    <Page title="Compare drills" back={{ href: '/drills', title: 'Drills' }}>
      <ProblemNote problem={first.problem ?? second.problem} />
      <Panel id="compare" title="Did it get better?">
        <div class="form-row">
          {side('One', 'a')}
          {side('The other', 'b')}
        </div>
        {a && b ? (
          <Table
            plain
            caption="Two drills compared"
            rows={measures}
            rowKey={({ name }) => name}
            empty=""
            columns={[
              { id: 'measure', title: 'Measure', value: ({ name }) => name },
              {
                id: 'one',
                title: 'One',
                numeric: true,
                value: ({ of }) => of(a),
                cell: ({ of, format }) => format(of(a)),
              },
              {
                id: 'other',
                title: 'The other',
                numeric: true,
                value: ({ of }) => of(b),
                cell: ({ of, format }) => format(of(b)),
              },
              {
                id: 'change',
                title: 'Change',
                value: (measure) => changeWords(measure, a, b),
              },
            ]}
          />
        ) : (
          <Empty>Choose two drills that are over and have a report.</Empty>
        )}
      </Panel>
    </Page>
  );
}

function useDrill(id: string | undefined) {
  return useFetched<Drill>(id === undefined || id === '' ? undefined : `/v1/drills/${id}`);
}

function metObjectives({ verdict }: Report): number {
  return verdict.objectives.filter(({ met }) => met).length;
}

function perSecond(value: number | undefined): string {
  return `${rate(value)}/s`;
}

function changeWords(measure: Measure, a: Report, b: Report): string {
  const [x, y] = [measure.of(a), measure.of(b)];
  if (x === undefined || y === undefined) return 'not measured';
  // What reads alike is alike: a difference that is not shown is no improvement.
  if (measure.format(x) === measure.format(y)) return 'the same';
  const better = measure.moreIsBetter ? y > x : y < x;
  return measure.name.startsWith('Requests') ? 'other traffic' : better ? '▼ better' : '▲ worse';
}

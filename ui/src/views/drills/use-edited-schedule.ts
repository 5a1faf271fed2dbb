/** Owns editing a schedule: it is fetched into the draft once, and what is typed then stays until it is saved or fetched anew. */
import { useEffect, useState } from 'preact/hooks';
import { callTagged } from '../../api/client.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import type { ScheduleItem } from '../../api/standing.ts';
import { blackoutText } from './blackouts.ts';
import { draft, draftOf, setDraft } from './draft.ts';

export interface EditedSchedule {
  /** The schedule that is edited; undefined for a new one. */
  readonly name: string | undefined;
  /** Why it could not be fetched. */
  readonly problem: Problem | undefined;
  /** Fetches it anew, in place of what was typed. */
  readonly again: () => void;
}

export function schedulePath(name: string): string {
  return `/v1/drill-schedules/${encodeURIComponent(name)}`;
}

export function useEditedSchedule(name: string | undefined): EditedSchedule {
  const [problem, setProblem] = useState<Problem>();
  const fetchIt = async (wanted: string): Promise<void> => {
    setProblem(undefined);
    try {
      const { value, tag } = await callTagged<ScheduleItem>(schedulePath(wanted));
      const { cron, timeZone, blackouts, enabled, spec } = value.schedule;
      const notDuring = blackouts.map(blackoutText).join('\n');
      setDraft({ ...draftOf(spec), name: wanted, cron, timeZone, notDuring, enabled, tag });
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
  };
  useEffect(() => {
    const { name: typed, tag } = draft.peek();
    // A new one is not an edited one by another way.
    if (name === undefined && tag !== '') setDraft({ name: '', tag: '' });
    if (name !== undefined && (typed !== name || tag === '')) void fetchIt(name);
  }, [name]);
  return { name, problem, again: () => void (name !== undefined && fetchIt(name)) };
}

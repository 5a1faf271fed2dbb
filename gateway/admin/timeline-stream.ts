/** Owns a drill's timeline as a stream: what there is, then each line as it comes, until the drill is over. */
import { type Drill, isOver } from '../../federation/drills/model.ts';
import type { EventStream } from './live/event-stream.ts';

export interface WatchedDrills {
  get(id: string): Drill;
  onChange(listener: () => void): () => void;
}

/** An answer under way. */
export interface Opened {
  readonly stream: Pick<EventStream, 'sendFirst' | 'send'>;
  /** Ends it in good order. */
  close(): void;
}

/** `open` sends the head; it is given what to call when the reader is gone. */
export function streamTimeline(
  drills: WatchedDrills,
  id: string,
  open: (onEnd: () => void) => Opened,
): void {
  let sent = 0;
  let state: Drill['state'] | undefined;
  let stop = (): void => {};
  const { stream, close } = open(() => stop());

  function show(): void {
    const drill = drills.get(id);
    for (const entry of drill.timeline.slice(sent)) {
      stream.send('entry', JSON.stringify(entry), String(sent));
      sent += 1;
    }
    if (drill.state !== state) {
      state = drill.state;
      const { timeline: _, report: __, signature: ___, ...summary } = drill;
      stream.send('state', JSON.stringify(summary));
    }
    if (!isOver(drill.state)) return;
    stop();
    stream.send('end', JSON.stringify({ state: drill.state, outcome: drill.outcome ?? null }));
    close();
  }

  stop = drills.onChange(show);
  show();
}

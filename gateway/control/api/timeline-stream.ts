/** Owns a drill's timeline as a stream: the lines so far, then each line as it comes, until the drill is over. */
import { type Drill, isOver } from '../../../federation/drills/model.ts';
import type { EventStream } from './live/event-stream.ts';
import { Message } from './live/message.ts';

interface WatchedDrills {
  get(id: string): Drill;
  onChange(subscriber: () => void): () => void;
}

/** `open` sends the head; it is given a function to call when the reader is gone. */
export function streamTimeline(
  drills: WatchedDrills,
  id: string,
  open: (onEnd: () => void) => Pick<EventStream, 'send' | 'end'>,
): void {
  let sent = 0;
  let state: Drill['state'] | undefined;
  let stop = (): void => {};
  const stream = open(() => stop());

  function show(): void {
    const drill = drills.get(id);
    for (const entry of drill.timeline.slice(sent)) {
      stream.send(new Message('entry', JSON.stringify(entry), String(sent)));
      sent += 1;
    }
    if (drill.state !== state) {
      state = drill.state;
      const { timeline: _, report: __, signature: ___, ...summary } = drill;
      stream.send(new Message('state', JSON.stringify(summary)));
    }
    if (!isOver(drill.state)) return;
    stop();
    const { outcome = null } = drill;
    stream.send(new Message('end', JSON.stringify({ state: drill.state, outcome })));
    stream.end();
  }

  stop = drills.onChange(show);
  show();
}

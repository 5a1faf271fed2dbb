/** Owns the end of a turn of the event loop: what was gathered during it leaves then. */

export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];
let spare: Flushable[] = [];

/** Flushes `item` when everything that has arrived by now is read. Say so once a turn. */
export function atTurnsEnd(item: Flushable): void {
  if (waiting.push(item) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const items = waiting;
  waiting = spare;
  spare = items;
  for (let i = 0; i < items.length; i++) (items[i] as Flushable).flush();
  items.length = 0;
}

/** Owns which of the connections to a cluster a request takes. */
import type { Link } from './link.ts';
import { type LinkSession, type Standing, standings } from './session.ts';

/** Requests that share a connection before the next one to the same place is used. */
const sharedStreams = 128;

/** Of the sessions that stand best and have room, the one that costs least now; undefined where none has. Links are by their place. */
export function bestSession(places: ReadonlyMap<string, readonly Link[]>): LinkSession | undefined {
  for (const standing of standings) {
    const best = bestThat(places, standing);
    if (best !== undefined) return best;
  }
  return undefined;
}

/** The one with the least product of round trip and requests it would then carry. */
function bestThat(
  places: ReadonlyMap<string, readonly Link[]>,
  standing: Standing,
): LinkSession | undefined {
  let best: LinkSession | undefined;
  let least = Infinity;
  for (const links of places.values()) {
    const session = firstWithRoom(links, standing);
    if (session === undefined) continue;
    const cost = Math.max(session.rttMs ?? 1, 0.1) * (session.streams + 1);
    if (cost < least) {
      best = session;
      least = cost;
    }
  }
  return best;
}

/**
 * The first connection to a place as long as it carries little: requests of one turn then leave, and their answers
 * come, in half as many records and system calls. Beyond that the one that carries least.
 */
function firstWithRoom(links: readonly Link[], standing: Standing): LinkSession | undefined {
  let best: LinkSession | undefined;
  for (let i = 0; i < links.length; i++) {
    const session = links[i]?.session;
    if (!session?.usable || session.standing !== standing) continue;
    if (session.streams < sharedStreams) return session;
    if (best === undefined || session.streams < best.streams) best = session;
  }
  return best;
}

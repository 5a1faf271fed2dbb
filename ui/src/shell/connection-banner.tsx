/** Owns saying that what is shown isn't live: the gateway can't be reached, or it can't reach the registry. */
import { clockTime, span } from '../format/time.ts';
import { now } from '../live/clock.ts';
import { connection } from '../live/connection.ts';
import { retryNow, status } from '../live/store.ts';
import { Icon } from '../ui/icon.tsx';

export function ConnectionBanner() {
  const state = connection.value;
  return (
    <div role="status" class="banner-slot">
      {state.kind === 'broken' ? <Broken /> : <RegistryLost />}
    </div>
  );
}

function Broken() {
  const state = connection.value;
  if (state.kind !== 'broken') return null;
  const { since, why, retryAt } = state;
  return (
    <div class="banner banner-bad">
      <Icon name="plug" size={18} />
      <p>
        <strong>{why.what}.</strong>{' '}
        {since === undefined ? (
          'Nothing is known of it yet.'
        ) : (
          <>
            What you see is from <span class="num">{clockTime(since, now.value)}</span>
            <span aria-hidden="true">
              , <span class="num">{span(now.value - since)}</span> ago
            </span>
            .
          </>
        )}{' '}
        <span aria-hidden="true" class="num">
          {retryAt > now.value ? `Next try in ${span(retryAt - now.value)}.` : 'Trying …'}
        </span>
      </p>
      <button type="button" class="button small-button" onClick={retryNow}>
        Try now
      </button>
    </div>
  );
}

function RegistryLost() {
  const registry = status.value?.registry;
  if (registry?.kind !== 'unavailable') return null;
  return (
    <div class="banner banner-warn">
      <Icon name="warning" size={18} />
      <p>
        <strong>The registry can’t be reached.</strong> Traffic goes on; what is shown of other
        clusters is as of revision <span class="num">{registry.revision}</span>
        {registry.since !== undefined && (
          <>
            , from <span class="num">{clockTime(registry.since, now.value)}</span>
          </>
        )}
        .
      </p>
      <a href="/events?q=kind:registry">Events</a>
    </div>
  );
}

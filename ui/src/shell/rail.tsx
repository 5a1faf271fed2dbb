/** Owns the rail: where one is, where one may go, and whose gateway this is. */
import { useLocation } from 'preact-iso';
import { isOver } from '../api/drills.ts';
import { session } from '../api/session.ts';
import { signOut, token } from '../api/token.ts';
import { connection } from '../live/connection.ts';
import { drills, status } from '../live/store.ts';
import { Icon } from '../ui/icon.tsx';
import { viewOf, views } from '../views.ts';
import { Logo } from './logo.tsx';
import { helpOpen } from './shortcuts.ts';
import { ThemeToggle } from './theme-toggle.tsx';
import { VantageSwitch } from './vantage-switch.tsx';

export function Rail() {
  const { path } = useLocation();
  const open = viewOf(path);
  const running = drills.list.filter((drill) => !isOver(drill)).length;
  return (
    <header class="rail">
      <a class="wordmark" href="/" aria-label="Isthmus, to the map">
        <Logo />
        <span>Isthmus</span>
      </a>
      <nav aria-label="Views">
        <ul>
          {views.map(({ id, title, href, icon }) => (
            <li key={id}>
              <a href={href} aria-current={open?.id === id ? 'page' : undefined}>
                <Icon name={icon} size={18} />
                <span>{title}</span>
                {id === 'drills' && running > 0 && (
                  <span class="rail-count">
                    {running}
                    <span class="visually-hidden"> running</span>
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="rail-foot">
        <Identity />
        <div class="rail-tools">
          <ThemeToggle />
          <button
            type="button"
            class="icon-button"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => {
              helpOpen.value = true;
            }}
          >
            <Icon name="question" />
          </button>
          {token.value !== undefined && (
            <button type="button" class="icon-button" aria-label="Sign out" onClick={signOut}>
              <Icon name="cross" />
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

const pulse = {
  live: 'Live',
  connecting: 'Connecting',
  broken: 'Not live',
} as const;

function Identity() {
  const known = status.value;
  const { kind } = connection.value;
  const who = session.value;
  return (
    <div class="identity">
      <p class={`pulse pulse-${kind}`}>
        <span class="pulse-dot" aria-hidden="true" />
        {pulse[kind]}
      </p>
      {known && (
        <>
          <p class="identity-name">
            {known.cluster}
            <span> of {known.federation}</span>
          </p>
          <p class="identity-place">
            {known.gateway} · {known.version}
          </p>
          {!known.ready && (
            <p class="pulse pulse-broken">
              <span class="pulse-dot" aria-hidden="true" />
              Not ready: {known.state}
            </p>
          )}
        </>
      )}
      {who && (
        <p class="identity-role">
          You are {who.role}
          {who.via !== 'local' && `, ${who.name}`}
        </p>
      )}
      <VantageSwitch />
    </div>
  );
}

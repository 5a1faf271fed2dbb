/** Owns showing what needs somebody's attention, each with what to do about it or where to see more. */
import { Icon } from '../../ui/icon.tsx';
import type { Worry } from './worries.ts';

export function Attention({ worries }: { readonly worries: readonly Worry[] }) {
  if (worries.length === 0) {
    return (
      <p class="all-well">
        <Icon name="check" size={18} /> Nothing needs your attention.
      </p>
    );
  }
  return (
    <ul class="attention">
      {worries.map(({ what, where, fix, code, href }) => (
        <li key={`${what} ${where}`}>
          <p>
            <strong>{what}</strong>
            {where !== undefined && <span class="mono small"> {where}</span>}
          </p>
          {fix !== undefined && <p>{fix}</p>}
          {code !== undefined && <code class="problem-code">{code}</code>}
          {href !== undefined && <a href={href}>See</a>}
        </li>
      ))}
    </ul>
  );
}

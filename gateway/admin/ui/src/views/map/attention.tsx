/** Owns what needs somebody's attention: the gateway's problems, each with what to do about it. */
import type { ProblemItem } from '../../../../answers.ts';
import { Icon } from '../../ui/icon.tsx';

export function Attention({ problems }: { readonly problems: readonly ProblemItem[] }) {
  if (problems.length === 0) {
    return (
      <p class="all-well">
        <Icon name="check" size={18} /> Nothing needs your attention.
      </p>
    );
  }
  return (
    <ul class="attention">
      {problems.map(({ code, what, where, fix }) => (
        <li key={`${code} ${what} ${where}`}>
          <p>
            <strong>{what}</strong>
            {where !== undefined && <span class="mono small"> {where}</span>}
          </p>
          {fix !== undefined && <p>{fix}</p>}
          <code class="problem-code">{code}</code>
        </li>
      ))}
    </ul>
  );
}

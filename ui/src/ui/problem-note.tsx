/** Owns showing a problem: what happened, where, what to do about it, and its code to look up. */
import type { Problem } from '../api/problem.ts';
import { Icon } from './icon.tsx';

export function ProblemNote({ problem }: { readonly problem: Problem | undefined }) {
  return (
    <div role="alert" class="problem-slot">
      {problem && (
        <div class="problem">
          <Icon name="warning" size={18} />
          <div>
            <p class="problem-what">{problem.what}</p>
            {problem.where !== undefined && <p class="mono small">{problem.where}</p>}
            {problem.fix !== undefined && <p>{problem.fix}</p>}
          </div>
          <code class="problem-code">{problem.code}</code>
        </div>
      )}
    </div>
  );
}

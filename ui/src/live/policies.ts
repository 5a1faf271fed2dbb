/** Owns following the written policies while a view shows them: they may be many, so no other view is sent them. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { keyOf, type PolicySummary } from '../api/policies.ts';
import type { Problem } from '../api/problem.ts';
import { token } from '../api/token.ts';
import { type Following, follow } from './follow.ts';
import { ListTopic, type TopicMessage } from './topic.ts';
import { vantage } from './vantage.ts';

export const policies = new ListTopic<PolicySummary>('policies', keyOf);
const problem = signal<Problem | undefined>(undefined);

/** Follows them as long as the component is there and the page is seen. Returns why they can't be followed, where they can't. */
export function usePolicies(): Problem | undefined {
  const from = vantage.value;
  const who = token.value;
  useEffect(() => {
    let following: Following | undefined;
    const turn = () => {
      if (document.hidden) {
        following?.stop();
        following = undefined;
      } else following ??= begin();
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      document.removeEventListener('visibilitychange', turn);
      following?.stop();
      policies.forget();
      problem.value = undefined;
    };
  }, [from, who]);
  return problem.value;
}

function begin(): Following {
  return follow({
    path: '/v1/stream?topics=policies',
    onEvent({ event, data }) {
      if (event !== 'snapshot' && event !== 'delta') return;
      policies.apply(event, JSON.parse(data) as TopicMessage);
    },
    onSign() {
      problem.value = undefined;
    },
    onBroken(why) {
      problem.value = why;
    },
  });
}

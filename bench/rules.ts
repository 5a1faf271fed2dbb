/** Owns the cost of finding the rule that a request goes by: nanoseconds among 500 Routes, and among one. Run: `node bench/rules.ts`. */
import { parseClusterName } from '../core/names.ts';
import type { RequestHead } from '../gateway/data/message/message.ts';
import { isRouteResource, RuleSet } from '../gateway/data/request/route/rule-set.ts';
import { resourceOf } from '../policy/record.ts';
import { nanoseconds } from './nanoseconds.ts';

/** In a round. */
const finds = 200_000;

/** A Route for each path below `/svc-<i>`, and at the end one for every other. */
function rules(count: number): RuleSet {
  const routes = Array.from({ length: count }, (_, i) =>
    resourceOf(`/${i}`, {
      ...{ cluster: parseClusterName('dc1'), namespace: 'shop', kind: 'Route', by: 'bench', at: i },
      name: `route-${i}`,
      spec: {
        hostnames: ['shop.example.com'],
        rules: [
          {
            matches: [{ path: { value: i === count - 1 ? '/' : `/svc-${i}/v1` } }],
            backendRefs: [{ name: 'orders' }],
          },
        ],
      },
    }),
  );
  return new RuleSet(routes.filter((one) => one !== undefined).filter(isRouteResource));
}

for (const count of [1, 500]) {
  const set = rules(count);
  for (const path of ['/svc-7/v1/orders/42?page=1', '/else/where/quite/deep']) {
    const head = { path, method: 'GET' } as RequestHead;
    if (set.find(head) === undefined) throw new Error('no rule was found');
    const find = nanoseconds(() => set.find(head), finds);
    console.log(
      `${String(count).padStart(3)} Routes: ${find.toFixed(0).padStart(4)} ns for ${path}`,
    );
  }
}

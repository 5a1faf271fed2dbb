/** Specifies the names of services that are listed: their order, and how they come and go. */
import test from 'ava';
import { parseServiceName, type ServiceName } from '../../../../core/names.ts';
import { ListedServices } from '../../../../gateway/control/catalog/listed-services.ts';
import { Changes } from '../../../../gateway/control/changes.ts';
import { build, empty, exportKey, gone, nth, offer } from '../../../registry/building.ts';
import { dc2 } from '../../../registry/records.ts';

function scene() {
  const registered = new Set<ServiceName>();
  const { builder, apply } = build();
  const changes = new Changes();
  const listed = new ListedServices({
    catalog: {
      hasService: (service) => registered.has(service),
      services: () => registered.values(),
    },
    changes,
    snapshot: () => builder.snapshot,
  });
  const register = (name: string) => {
    const service = parseServiceName(name);
    registered.add(service);
    changes.tell('endpoints', service);
  };
  const deregister = (name: string) => {
    const service = parseServiceName(name);
    registered.delete(service);
    changes.tell('endpoints', service);
  };
  const change = (...all: Parameters<typeof apply>) => changes.tell('snapshot', apply(...all));
  return { listed, register, deregister, change, changes };
}

test('services are in natural order, each once, from the first question on and as they come and go', (t) => {
  const { listed, register, deregister, change } = scene();
  register('s10.shop');
  change(offer(9), offer(2));
  t.deepEqual(listed.names, [nth(2), nth(9), nth(10)]);
  register('s9.shop');
  change(offer(100), offer(3));
  t.deepEqual(listed.names, [2, 3, 9, 10, 100].map(nth));
  deregister('s10.shop');
  deregister('s9.shop');
  change(empty(3));
  change(gone(exportKey(dc2, nth(2))));
  t.deepEqual(listed.names, [9, 100].map(nth), 's9 is still offered elsewhere');
});

test('those from a name on begin with it, or with the one that would follow it', (t) => {
  const { listed, change, changes } = scene();
  change(offer(1), offer(5), offer(20));
  t.deepEqual([...listed.from()], [1, 5, 20].map(nth));
  t.deepEqual([...listed.from(nth(5))], [5, 20].map(nth));
  t.deepEqual([...listed.from(nth(6))], [nth(20)]);
  t.deepEqual([...listed.from(nth(21))], []);
  changes.tell('membership');
  t.deepEqual([...listed.from(nth(20))], [nth(20)], 'they are looked up anew');
});

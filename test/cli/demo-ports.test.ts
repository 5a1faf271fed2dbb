/** Specifies the ports that the demo chooses before it starts what binds them. */
import test from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';

test('ports chosen one after the other, and bound later, are all different', async (t) => {
  const ports = [await freePorts(300), await freePorts(300), await freePorts(300)].flat();
  t.is(new Set(ports).size, 900);
});

/** Owns the addresses that all workers listen at together: whether the platform lets them, and whether nobody else listens there. */
import { createServer } from 'node:net';
import { formatAddress, parseAddress } from '../../../core/address.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import { bind } from '../../data/listen/listen.ts';
import { forEachListener, listenerKey, type PerListener } from '../../data/worker/listeners.ts';

/** Whether this platform spreads connections over sockets that share a port, as Linux does; macOS and Windows don't. */
export async function sharesPorts(): Promise<boolean> {
  const server = createServer();
  try {
    await bind(server, { host: '127.0.0.1', port: 0, shared: true });
    return true;
  } catch {
    return false; // Node refuses the option where it would not do what it says.
  } finally {
    server.close();
  }
}

/**
 * Sockets that share a port can't tell a sibling from a second gateway started by mistake, so each address is
 * first taken alone, `except` those that there are sockets for. Throws PORT_IN_USE.
 */
export async function assertFree(
  listen: Partial<PerListener<string>>,
  except: Partial<PerListener<unknown>> = {},
): Promise<void> {
  await forEachListener(listen, async (name, address: string) => {
    const place = parseAddress(address);
    if (place.port === 0 || except[name]) return;
    const server = createServer();
    try {
      await bind(server, place);
    } catch (thrown) {
      const { code, message, fix, cause } = asIsthmusError(thrown);
      const where = `${listenerKey(name)} ${address}`;
      throw new IsthmusError(code, { what: message, where, fix, cause });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

/** `listen` with the port that was really bound, where any was asked for. */
export function withBoundPort(listen: string, bound: string): string {
  return formatAddress(parseAddress(listen).host, parseAddress(bound).port);
}

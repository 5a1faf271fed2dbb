/** Owns finding the address by which this machine is most likely reached. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/** Somewhere behind the default route (RFC 5737 documentation range); nothing is ever sent there. */
const elsewhere = '198.51.100.1';

/**
 * The IPv4 address of the interface the default route leaves by; without such a route the first that is not loopback, as
 * on a network of its own; `127.0.0.1` on a machine that has no other.
 */
export async function ownAddress(
  routed: () => Promise<string | undefined> = routedAddress,
  interfaces: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): Promise<string> {
  const address = await routed();
  if (address !== undefined) return address;
  const all = Object.values(interfaces()).flatMap((found) => found ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

function routedAddress(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const settle = (address: string | undefined) => {
      socket.close();
      resolve(address);
    };
    // Connecting a datagram socket only picks the route.
    const picked: (failure?: Error) => void = (failure) =>
      settle(failure === undefined ? socket.address().address : undefined);
    socket.connect(9, elsewhere, picked);
  });
}

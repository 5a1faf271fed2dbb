/** Owns finding the address by which this machine is most likely reached. */
import { createSocket } from 'node:dgram';

/** Somewhere behind the default route (RFC 5737 documentation range); nothing is ever sent there. */
const elsewhere = '198.51.100.1';

/** The IPv4 address of the interface the default route leaves by; `127.0.0.1` on a machine without one. */
export function ownAddress(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const settle = (address: string) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => settle('127.0.0.1')); // No route: nobody else reaches this machine.
    // Connecting a datagram socket only picks the route.
    socket.connect(9, elsewhere, () => settle(socket.address().address));
  });
}

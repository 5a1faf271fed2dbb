/** Owns where the octets of an accepted socket go: to the reader of the moment, however they are read. */
import type { Socket } from 'node:net';

export interface Reader {
  /** Octets from 0 to `end`, overwritten by the next read. False: read no more until the socket is resumed. */
  onRead(buffer: Buffer, end: number): boolean;
}

const nobody: Reader = { onRead: () => true };

/** A socket, and who reads it: its first reader may find out that another one has to. */
export class Intake {
  readonly socket: Socket;
  reader: Reader = nobody;

  /** `socket` is read by its maker, who passes octets on to `reader`. */
  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Reads by events, the documented way for sockets that were accepted. */
  static byEvents(socket: Socket): Intake {
    const intake = new Intake(socket);
    socket.on('data', (data: Buffer) => {
      if (!intake.reader.onRead(data, data.length)) socket.pause();
    });
    return intake;
  }
}

/** Owns the process of the bad line: proxies between the others and one gateway, slow, lossy or mute when the run says so. Its argument is a `LinePlan`. */
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { served } from './helper.ts';

export interface LinePlan {
  /** Where to listen, and where that leads. */
  readonly ways: readonly {
    readonly host: string;
    readonly port: number;
    readonly target: string;
  }[];
}

export interface LineState {
  /** In each direction. */
  readonly delayMs: number;
  /** Share of the pieces that are lost, and sent again. */
  readonly loss: number;
  readonly isMute: boolean;
}

const plan: LinePlan = JSON.parse(process.argv[2] ?? '{}');
const proxies = await Promise.all(plan.ways.map((way) => startTcpProxy(way)));

served({
  become: ({ delayMs, loss, isMute }: LineState) => {
    for (const proxy of proxies) {
      proxy.setDelay(delayMs);
      proxy.setLoss(loss);
      if (isMute) proxy.hold();
      else proxy.restore();
    }
  },
});

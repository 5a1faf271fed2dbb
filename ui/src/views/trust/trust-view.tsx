/** Owns the view of clusters and trust: members, their bundles, rotations under way, joining and leaving, and trust domains outside. */
import { useState } from 'preact/hooks';
import { clusters, trust } from '../../live/store.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ClusterTable } from './cluster-table.tsx';
import { CreateToken } from './create-token.tsx';
import { ForeignTable } from './foreign-table.tsx';
import { JoinFederation } from './join-federation.tsx';
import { LeaveFederation } from './leave-federation.tsx';
import { TrustCard } from './trust-card.tsx';

type Open = 'token' | 'join' | 'leave' | undefined;

export default function TrustView() {
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const act = (which: Open, title: string, primary = false) => (
    <ActButton needs="admin" look={primary ? 'primary' : 'plain'} onClick={() => setOpen(which)}>
      {title}
    </ActButton>
  );
  return (
    <Page
      title="Clusters and trust"
      lead="Each cluster has its own certificate authority. Bundles are kept apart, pinned when a cluster joins, and rotated only once everybody has acknowledged."
      actions={
        <>
          {act('token', 'Invite a cluster', true)}
          {act('join', 'Join a federation')}
          {act('leave', 'Make a cluster leave')}
        </>
      }
    >
      <CreateToken open={open === 'token'} onClose={close} />
      <JoinFederation open={open === 'join'} onClose={close} />
      <LeaveFederation open={open === 'leave'} onClose={close} />
      <section aria-label="Trust bundles" class="trust-cards">
        {trust.list.map((item) => (
          <TrustCard key={item.cluster} item={item} joined={clusters.get(item.cluster)?.joinedAt} />
        ))}
        {trust.list.length === 0 && (
          <Empty>{trust.known ? 'No bundle is known.' : 'Asking the gateway …'}</Empty>
        )}
      </section>
      <Panel id="members" title="Clusters">
        <ClusterTable />
      </Panel>
      <ForeignTable />
    </Page>
  );
}

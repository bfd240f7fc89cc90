import { Link } from '@tanstack/react-router';
import type { Certificate, GatewaySummary } from '@viw/contracts';
import type { ReactNode } from 'react';
import { lifeOf } from '../certificates/life';
import { missing } from '../format/times';
import classes from './overview.module.css';

interface CountsProps {
  readonly gateways: readonly GatewaySummary[] | undefined;
  readonly certificates: readonly Certificate[] | undefined;
  readonly now: number;
}

export const Counts = ({ gateways, certificates, now }: CountsProps) => {
  const connected = gateways?.filter(({ state }) => state === 'connected');
  const sessions = connected?.reduce((sum, gateway) => sum + (gateway.sessions ?? 0), 0);
  const fine = certificates?.filter((certificate) => lifeOf(certificate, now).class === 'fine').length;
  const loads = connected?.flatMap(({ cpu_pct }) => cpu_pct ?? []) ?? [];
  const cpu =
    loads.length > 0 ? `${(loads.reduce((sum, one) => sum + one, 0) / loads.length).toFixed(0)} %` : missing;
  return (
    <div className={classes['counts']}>
      <Tile to="/gateways" title="Gateways connected" figure={connected?.length} of={gateways?.length} />
      <Tile to="/gateways" title="VPN sessions" figure={sessions?.toLocaleString('en')} />
      <Tile to="/gateways" title="Mean CPU of connected" figure={cpu} />
      <Tile to="/certificates" title="Certificates fine" figure={fine} of={certificates?.length} />
    </div>
  );
};

interface TileProps {
  readonly to: '/gateways' | '/certificates';
  readonly title: string;
  readonly figure: ReactNode;
  readonly of?: number | undefined;
}
const Tile = ({ to, title, figure, of }: TileProps) => (
  <Link to={to} className={classes['tile']}>
    <div className={classes['tiletitle']}>{title}</div>
    <div className={classes['figure']}>
      {figure ?? missing}
      {of === undefined ? null : <span className={classes['of']}> of {of}</span>}
    </div>
  </Link>
);

import type { Certificate } from '@viw/contracts';
import { Meter } from '../design/meter';
import { useNow } from '../design/now';
import { useZone } from '../design/zone';
import { calendarDate, missing, roughDuration } from '../format/times';
import { lifeOf, type LifeClass } from './life';
import classes from './certificates.module.css';

const tones: Record<LifeClass, 'good' | 'warn' | 'bad' | 'idle'> = {
  none: 'idle',
  expired: 'bad',
  emergency: 'bad',
  due: 'warn',
  fine: 'good',
};

/** Share of life left, and the day it ends. */
export const LifeMeter = ({ certificate }: { certificate: Pick<Certificate, 'current_version'> }) => {
  const now = useNow();
  const [zone] = useZone();
  const { class: kind, left, notAfter } = lifeOf(certificate, now);
  if (notAfter === undefined) return <span className="idle">{missing}</span>;
  const remaining =
    kind === 'expired' ? `expired ${roughDuration(now - notAfter)} ago` : roughDuration(notAfter - now);
  return (
    <span className={classes['life']}>
      <Meter label="Life left" value={left * 100} tone={tones[kind]} text={`${Math.floor(left * 100)} %`} />
      <span className={classes['until']}>
        {calendarDate(notAfter, zone)} · {remaining}
      </span>
    </span>
  );
};

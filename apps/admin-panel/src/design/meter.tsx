import classes from './meter.module.css';

interface MeterProps {
  /** 0 to 100; null: nothing known. */
  readonly value: number | null | undefined;
  readonly text: string;
  readonly tone?: 'good' | 'warn' | 'bad' | 'idle' | 'neutral';
  readonly label: string;
}

/** How loaded something is: calm until 75 %, then amber, from 90 % on red. */
export const loadTone = (value: number | null | undefined): 'neutral' | 'warn' | 'bad' =>
  (value ?? 0) >= 90 ? 'bad' : (value ?? 0) >= 75 ? 'warn' : 'neutral';

/** A number with a thin bar before it; the number alone says everything. */
export const Meter = ({ value, text, tone = loadTone(value), label }: MeterProps) => (
  <span className={classes['meter']} aria-label={`${label} ${text}`}>
    <span className={classes['track']}>
      {value === null || value === undefined ? null : (
        <span
          className={classes['fill']}
          data-tone={tone}
          style={{ width: `${Math.min(100, Math.max(0, value))}%` }}
        />
      )}
    </span>
    <span className={classes['text']} data-tone={tone}>
      {text}
    </span>
  </span>
);

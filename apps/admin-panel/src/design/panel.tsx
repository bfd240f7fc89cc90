import type { ReactNode } from 'react';
import classes from './panel.module.css';

interface PanelProps {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  /** Without padding: for tables, which bring their own. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A titled card. */
export const Panel = ({ title, aside, flush = false, children }: PanelProps) => (
  <section className={classes['panel']}>
    {title === undefined ? null : (
      <header className={classes['header']}>
        <h2 className={classes['title']}>{title}</h2>
        {aside === undefined ? null : <div className={classes['aside']}>{aside}</div>}
      </header>
    )}
    <div className={flush ? classes['flush'] : classes['body']}>{children}</div>
  </section>
);

interface PageHeaderProps {
  readonly title: ReactNode;
  readonly above?: ReactNode;
  readonly below?: ReactNode;
  readonly actions?: ReactNode;
}
export const PageHeader = ({ title, above, below, actions }: PageHeaderProps) => (
  <header className={classes['page']}>
    <div className={classes['heading']}>
      {above === undefined ? null : <div className={classes['above']}>{above}</div>}
      <h1 className={classes['name']}>{title}</h1>
      {below === undefined ? null : <div className={classes['below']}>{below}</div>}
    </div>
    {actions === undefined ? null : <div className={classes['actions']}>{actions}</div>}
  </header>
);

/** Facts as term and value, aligned. */
export const Facts = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className={classes['facts']}>
    {facts.map(([term, value]) => (
      <div key={term} className={classes['fact']}>
        <dt>{term}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

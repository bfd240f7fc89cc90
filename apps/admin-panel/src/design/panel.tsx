import type { ReactNode } from 'react';
import { ScrollRegion } from './scroll-region';
import classes from './panel.module.css';

interface PanelProps {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  /** Without padding: for tables, which bring their own and scroll where they are too wide. */
  readonly flush?: boolean;
  /** Names what scrolls, where the title is no text. */
  readonly label?: string;
  readonly children: ReactNode;
}

/** A titled card. */
export const Panel = ({ title, aside, flush = false, label, children }: PanelProps) => (
  <section className={classes['panel']}>
    {title === undefined ? null : (
      <header className={classes['header']}>
        <h2 className={classes['title']}>{title}</h2>
        {aside === undefined ? null : <div className={classes['aside']}>{aside}</div>}
      </header>
    )}
    {flush ? (
      <ScrollRegion label={label ?? (typeof title === 'string' ? title : 'Table')}>{children}</ScrollRegion>
    ) : (
      <div className={classes['body']}>{children}</div>
    )}
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

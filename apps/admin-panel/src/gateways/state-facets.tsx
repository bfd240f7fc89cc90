import type { GatewayState } from '@viw/contracts';
import { StateMark, type Look } from '../design/state-mark';
import classes from './state-facets.module.css';

interface StateFacetsProps {
  readonly looks: Record<GatewayState, Look>;
  readonly counts: ReadonlyMap<GatewayState, number>;
  readonly value: GatewayState | undefined;
  readonly onChange: (state: GatewayState | undefined) => void;
}

/** States that occur, with how often; a second press on the chosen one shows all again. */
export const StateFacets = ({ looks, counts, value, onChange }: StateFacetsProps) => (
  <div className={classes['facets']} role="group" aria-label="State">
    {[...counts].map(([state, count]) =>
      count === 0 && state !== value ? null : (
        <button
          key={state}
          type="button"
          className={classes['facet']}
          aria-pressed={state === value}
          onClick={() => onChange(state === value ? undefined : state)}
        >
          <StateMark look={looks[state]} />
          <span className={classes['count']}>{count}</span>
        </button>
      ),
    )}
  </div>
);

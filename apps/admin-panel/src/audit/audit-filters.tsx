import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { SearchField } from '../design/search-field';
import { useZone } from '../design/zone';
import { fieldFromInstant, instantFromField, type AuditSearch } from './audit-filter';
import { outcomeLooks } from './audit-words';
import classes from './audit.module.css';

interface AuditFiltersProps {
  readonly search: AuditSearch;
  readonly onChange: (next: Partial<AuditSearch>) => void;
}

const outcomes = ['success', 'failure', 'denied'] as const;
const chosen = [
  ['actor_id', 'Actor'],
  ['object_kind', 'Kind'],
  ['object_id', 'Object'],
  ['correlation_id', 'Correlation'],
] as const;

/** All of it is in the address. Actor, object and correlation are chosen at a line and taken back here. */
export const AuditFilters = ({ search, onChange }: AuditFiltersProps) => {
  const [zone] = useZone();
  const time = (name: 'from' | 'to', label: string) => (
    <TextInput
      type="datetime-local"
      label={`${label}${zone === 'utc' ? ' (UTC)' : ''}`}
      value={fieldFromInstant(search[name], zone)}
      onChange={({ currentTarget }) => onChange({ [name]: instantFromField(currentTarget.value, zone) })}
    />
  );
  return (
    <div className={classes['filters']}>
      <SearchField
        value={search.action}
        onChange={(action) => onChange({ action })}
        label="Action, written out"
      />
      <SegmentedControl
        size="sm"
        aria-label="Outcome"
        value={search.outcome ?? 'all'}
        onChange={(value) => onChange({ outcome: outcomes.find((one) => one === value) })}
        data={[
          { value: 'all', label: 'All' },
          ...outcomes.map((value) => ({ value, label: outcomeLooks[value].word })),
        ]}
      />
      {time('from', 'From')}
      {time('to', 'Until')}
      {chosen.map(([name, label]) =>
        search[name] === undefined ? null : (
          <Button
            key={name}
            variant="light"
            aria-label={`Take the filter ${label} away`}
            onClick={() => onChange({ [name]: undefined })}
          >
            {label} {search[name]} ×
          </Button>
        ),
      )}
    </div>
  );
};

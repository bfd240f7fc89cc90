import { Button, Group } from '@mantine/core';
import { clockTime } from '../format/times';
import { StateMark } from './state-mark';
import { useZone } from './zone';

/** The newest attempt failed; the rows below are from before. */
export const StaleNote = ({ at, retry }: { at: number; retry: () => void }) => {
  const [zone] = useZone();
  return (
    <Group gap="sm" mb="xs" role="status">
      <StateMark look={{ shape: 'triangle', tone: 'warn', word: `Stale since ${clockTime(at, zone)}` }} />
      <Button size="compact-xs" variant="default" onClick={retry}>
        Try again
      </Button>
    </Group>
  );
};

import { useLocalStorage } from '@mantine/hooks';
import type { Zone } from '../format/times';

/** Whether times are shown in UTC or in the browser's zone; one switch for the whole panel. */
export const useZone = (): readonly [Zone, (zone: Zone) => void] => {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: 'viw-zone',
    defaultValue: 'local',
    getInitialValueInEffect: false,
  });
  return [zone === 'utc' ? 'utc' : 'local', (next) => setZone(next)];
};

import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { visibleText } from '../format/visible-text';
import { useMay } from '../session/permissions';
import classes from './freeze.module.css';

/** On every page while the emergency stop is on: since when, why, and for administrators its release. */
export const FreezeBanner = () => {
  const { data } = useQuery(queries.freeze);
  const mayRelease = useMay('system:write');
  if (!data?.frozen) return null;
  return (
    <div className={classes['banner']} role="status">
      <StateMark look={{ shape: 'cross', tone: 'bad', word: 'Commands are stopped' }} />
      <span className={classes['words']}>
        <TimeAgo at={data.frozen_at} focusable />
        {data.reason === null ? '' : `: ${visibleText(data.reason)}`}
      </span>
      {mayRelease ? <Release /> : null}
    </div>
  );
};

const Release = () => {
  const client = useQueryClient();
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open}>
        Release
      </Button>
      <ConfirmModal
        opened={opened}
        onClose={close}
        title="Let commands run again"
        action="Release the stop"
        write={() => api.freeze.off()}
        done={(state) => client.setQueryData(queries.freeze.queryKey, state)}
      >
        <span>Commands that wait and whose time is not over are sent at once, on every gateway.</span>
        <span>Cancel beforehand what must not run any more.</span>
      </ConfirmModal>
    </>
  );
};

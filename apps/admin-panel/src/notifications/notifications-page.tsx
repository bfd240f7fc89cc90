import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { useMay } from '../session/permissions';
import { AddChannelModal } from './add-channel-modal';
import { ChannelPanel } from './channel-panel';
import { ChannelsTable } from './channels-table';
import classes from './notifications.module.css';

const route = getRouteApi('/shell/notifications');

/** Who is told of alerts and of what becomes of certificates, and whether it arrives. */
export const NotificationsPage = () => {
  const { channel } = route.useSearch();
  const may = useMay('system:write');
  const channels = useQuery(queries.channels);
  const [adding, add] = useDisclosure(false);
  const button = may ? (
    <Button leftSection={<IconPlus />} onClick={add.open}>
      Add channel
    </Button>
  ) : undefined;
  const shown = channels.data?.items.find(({ id }) => id === channel);
  return (
    <>
      <PageHeader
        title="Notifications"
        below={<span>Who is told of alerts and certificates, and whether it arrives.</span>}
        actions={button}
      />
      <div className={classes['list']}>
        <Panel flush>
          <Loaded query={channels}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyNotice
                  title="No channel yet"
                  hint="Alerts stand on their page only: nobody is told of them."
                  action={button}
                />
              ) : (
                <ChannelsTable channels={items} chosen={channel} />
              )
            }
          </Loaded>
        </Panel>
        {shown ? (
          <ChannelPanel key={shown.id} channel={shown} />
        ) : channel !== undefined && channels.data ? (
          <Panel flush>
            <EmptyNotice title="There is no such channel" hint="It may have been deleted." />
          </Panel>
        ) : null}
      </div>
      <AddChannelModal opened={adding} onClose={add.close} />
    </>
  );
};

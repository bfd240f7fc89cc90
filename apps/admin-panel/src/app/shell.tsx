import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet } from '@tanstack/react-router';
import { useCallback } from 'react';
import { Brand } from '../design/brand';
import { FreezeBanner } from '../freeze/freeze-banner';
import { useGoKeys } from './go-keys';
import { KeysHelp } from './keys-help';
import { LiveBanner } from './live-banner';
import { Sidebar } from './sidebar';
import classes from './shell.module.css';

export const Shell = () => {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [help, { open: openHelp, close: closeHelp }] = useDisclosure(false);
  useGoKeys(useCallback(openHelp, [openHelp]));
  return (
    <AppShell
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      header={{ height: { base: 52, sm: 0 } }}
      padding={0}
    >
      <AppShell.Header className={classes['header']} hiddenFrom="sm" role="none">
        <Group h="100%" px="md" component="nav" aria-label="Menu">
          <Burger opened={opened} onClick={toggle} size="sm" aria-label="Navigation" />
          <Brand size={22} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes['navbar']}>
        <Sidebar onNavigate={close} onHelp={openHelp} />
      </AppShell.Navbar>
      <AppShell.Main>
        <LiveBanner />
        <FreezeBanner />
        <div className={classes['content']}>
          <Outlet />
        </div>
      </AppShell.Main>
      <KeysHelp opened={help} onClose={closeHelp} />
    </AppShell>
  );
};

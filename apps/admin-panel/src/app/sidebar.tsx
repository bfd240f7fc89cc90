import { ActionIcon, Group, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Permission } from '@viw/contracts';
import { WaitingBadge } from '../approvals/waiting-badge';
import { api } from '../data/api';
import { endSession } from '../data/end-session';
import { useLiveState } from '../data/live-context';
import { queries } from '../data/queries';
import { Brand } from '../design/brand';
import * as icons from '../design/icons';
import { StateMark, type Look } from '../design/state-mark';
import { useZone } from '../design/zone';
import { FreezeButton } from '../freeze/freeze-button';
import classes from './shell.module.css';

const pages = [
  { to: '/', label: 'Overview', Icon: icons.IconOverview, exact: true },
  { to: '/gateways', label: 'Gateways', Icon: icons.IconGateway, exact: false },
  { to: '/certificates', label: 'Certificates', Icon: icons.IconCertificate, exact: false },
  { to: '/servers', label: 'Servers', Icon: icons.IconServer, exact: false },
  { to: '/alerts', label: 'Alerts', Icon: icons.IconAlert, exact: false },
  { to: '/approvals', label: 'Approvals', Icon: icons.IconApproval, exact: false, needs: 'commands:read' },
  {
    to: '/notifications',
    label: 'Notifications',
    Icon: icons.IconNotification,
    exact: false,
    needs: 'system:read',
  },
  { to: '/issuance', label: 'Issuance', Icon: icons.IconIssuance, exact: false, needs: 'system:read' },
  { to: '/ca', label: 'Authorities', Icon: icons.IconAuthority, exact: false },
  { to: '/access', label: 'Access', Icon: icons.IconAccess, exact: false, needs: 'access:read' },
  { to: '/audit', label: 'Audit', Icon: icons.IconAudit, exact: false, needs: 'audit:read' },
] as const satisfies readonly {
  readonly to: string;
  readonly needs?: Permission;
  readonly [more: string]: unknown;
}[];

const liveLooks: Record<'connecting' | 'live' | 'lost', Look> = {
  connecting: { shape: 'dashed', tone: 'idle', word: 'Connecting' },
  live: { shape: 'disc', tone: 'good', word: 'Live' },
  lost: { shape: 'triangle', tone: 'warn', word: 'Not live' },
};

export const Sidebar = ({ onNavigate, onHelp }: { onNavigate: () => void; onHelp: () => void }) => {
  const client = useQueryClient();
  const { data: me } = useQuery(queries.me);
  const live = useLiveState();
  const shown = pages.filter((page) => !('needs' in page) || me?.permissions.includes(page.needs));
  const signOut = async (): Promise<void> => {
    await api.session.signOut().catch(() => undefined);
    endSession(client);
  };
  return (
    <div className={classes['sidebar']}>
      <div className={classes['brand']}>
        <Brand />
      </div>
      <nav className={classes['nav']} aria-label="Pages">
        {shown.map(({ to, label, Icon, exact }) => (
          <Link
            key={to}
            to={to}
            className={classes['item']}
            activeOptions={{ exact, includeSearch: false }}
            onClick={onNavigate}
          >
            <Icon size={17} />
            {label}
            {to === '/approvals' ? <WaitingBadge /> : null}
          </Link>
        ))}
      </nav>
      <div className={classes['foot']}>
        <FreezeButton />
        <div className={classes['live']}>
          <StateMark look={liveLooks[live.kind]} />
        </div>
        <div className={classes['person']}>
          <div>{me?.name}</div>
          <div className="idle">{me?.role}</div>
        </div>
        <Group gap={4}>
          <SchemeSwitch />
          <ZoneSwitch />
          <Tooltip label="Keys">
            <ActionIcon variant="subtle" color="gray" onClick={onHelp} aria-label="Keys">
              <icons.IconKeyboard />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Sign out">
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={() => void signOut()}
              aria-label="Sign out"
              ml="auto"
            >
              <icons.IconSignOut />
            </ActionIcon>
          </Tooltip>
        </Group>
      </div>
    </div>
  );
};

const SchemeSwitch = () => {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark';
  const label = `Use the ${next} theme`;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" onClick={() => setColorScheme(next)} aria-label={label}>
        {next === 'light' ? <icons.IconSun /> : <icons.IconMoon />}
      </ActionIcon>
    </Tooltip>
  );
};

const ZoneSwitch = () => {
  const [zone, setZone] = useZone();
  const label = zone === 'utc' ? 'Times in UTC; show local' : 'Times in your zone; show UTC';
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => setZone(zone === 'utc' ? 'local' : 'utc')}
        aria-label={label}
      >
        <icons.IconClock />
      </ActionIcon>
    </Tooltip>
  );
};

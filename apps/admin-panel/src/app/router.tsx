import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { gatewayState } from '@viw/contracts';
import { z } from 'zod';
import { AlertsPage } from '../alerts/alerts-page';
import { auditSearch } from '../audit/audit-filter';
import { CertificatePage } from '../certificates/certificate-page';
import { CertificatesPage } from '../certificates/certificates-page';
import { OperationPage } from '../certificates/operation-page';
import { LiveProvider } from '../data/live-context';
import { GatewayPage } from '../gateways/gateway-page';
import { GatewaysPage } from '../gateways/gateways-page';
import { sortKeys } from '../gateways/row-order';
import { OverviewPage } from '../overview/overview-page';
import { ServersPage } from '../servers/servers-page';
import { Gate } from '../session/gate';
import { NotFoundPage } from './not-found-page';
import { Shell } from './shell';

/** What the address may say. Anything else in it is dropped; secrets are never put there. */
const text = z.coerce.string().max(128).optional().catch(undefined);
export const gatewaysSearch = z.object({
  q: text,
  site: text,
  status: gatewayState.optional().catch(undefined),
  sort: z.enum(sortKeys).optional().catch(undefined),
  down: z.boolean().optional().catch(undefined),
});
export const gatewaySearch = z.object({
  tab: z.enum(['health', 'run']).optional().catch(undefined),
  hours: z
    .union([z.literal(1), z.literal(6), z.literal(24)])
    .optional()
    .catch(undefined),
  verb: text,
  command: z.uuid().optional().catch(undefined),
  /** A command that waits for a second person. */
  approval: z.uuid().optional().catch(undefined),
});
export const approvalsSearch = z.object({
  tab: z.enum(['waiting', 'all', 'policies']).optional().catch(undefined),
});
export const certificatesSearch = z.object({
  q: text,
  life: z.enum(['attention', 'expired', 'due', 'fine']).optional().catch(undefined),
});

export const accessSearch = z.object({
  tab: z.enum(['people', 'machines']).optional().catch(undefined),
  person: z.uuid().optional().catch(undefined),
  client: z.uuid().optional().catch(undefined),
});

export const authoritiesSearch = z.object({ authority: z.uuid().optional().catch(undefined) });

export const notificationsSearch = z.object({ channel: z.uuid().optional().catch(undefined) });

const rootRoute = createRootRoute({
  component: () => (
    <Gate>
      <LiveProvider>
        <Outlet />
      </LiveProvider>
    </Gate>
  ),
  notFoundComponent: NotFoundPage,
});
const shell = createRoute({ getParentRoute: () => rootRoute, id: 'shell', component: Shell });

const routes = [
  createRoute({ getParentRoute: () => shell, path: '/', component: OverviewPage }),
  createRoute({ getParentRoute: () => shell, path: '/setup', component: OverviewPage }),
  createRoute({
    getParentRoute: () => shell,
    path: '/gateways',
    validateSearch: gatewaysSearch,
    component: GatewaysPage,
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/gateways/$agentId',
    validateSearch: gatewaySearch,
    component: GatewayPage,
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/certificates',
    validateSearch: certificatesSearch,
    component: CertificatesPage,
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/certificates/$certificateId',
    component: CertificatePage,
  }),
  createRoute({ getParentRoute: () => shell, path: '/operations/$operationId', component: OperationPage }),
  createRoute({ getParentRoute: () => shell, path: '/servers', component: ServersPage }),
  createRoute({ getParentRoute: () => shell, path: '/alerts', component: AlertsPage }),
  createRoute({
    getParentRoute: () => shell,
    path: '/approvals',
    validateSearch: approvalsSearch,
    component: lazyRouteComponent(() => import('../approvals/approvals-page'), 'ApprovalsPage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/approvals/$approvalId',
    component: lazyRouteComponent(() => import('../approvals/approval-page'), 'ApprovalPage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/audit',
    validateSearch: auditSearch,
    component: lazyRouteComponent(() => import('../audit/audit-page'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/access',
    validateSearch: accessSearch,
    component: lazyRouteComponent(() => import('../access/access-page'), 'AccessPage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/ca',
    validateSearch: authoritiesSearch,
    component: lazyRouteComponent(() => import('../authorities/authorities-page'), 'AuthoritiesPage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/issuance',
    component: lazyRouteComponent(() => import('../issuance/issuance-page'), 'IssuancePage'),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: '/notifications',
    validateSearch: notificationsSearch,
    component: lazyRouteComponent(() => import('../notifications/notifications-page'), 'NotificationsPage'),
  }),
] as const;

export const createPanelRouter = () =>
  createRouter({
    routeTree: rootRoute.addChildren([shell.addChildren(routes)]),
    defaultPreload: false,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPanelRouter>;
  }
}

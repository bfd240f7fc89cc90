import { permission } from '@viw/contracts';
import type { Permission, Role } from '@viw/contracts';

const everyone = [
  'gateways:read',
  'commands:read',
  'certificates:read',
  'servers:read',
  'system:read',
] as const satisfies Permission[];

/** What each role may do: the one place that says so. */
const permissionsOfRole: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  viewer: new Set(everyone),
  /** Runs what an administrator has set up, and may stop everything; an administrator releases it. */
  operator: new Set<Permission>([...everyone, 'commands:run', 'commands:freeze', 'certificates:write']),
  admin: new Set(permission.options),
  /** Sees everything, who did what included, and changes nothing. */
  auditor: new Set<Permission>([...everyone, 'access:read', 'audit:read']),
};

export const permissionsOf = (role: Role): ReadonlySet<Permission> => permissionsOfRole[role];

import { permission } from '@viw/contracts';
import type { Permission, Role, Scope } from '@viw/contracts';

const everyone = [
  'gateways:read',
  'commands:read',
  'certificates:read',
  'servers:read',
  'alerts:read',
  'system:read',
] as const satisfies Permission[];

/** What each role may do: the one place that says so. */
const permissionsOfRole: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  viewer: new Set(everyone),
  /** Runs what an administrator has set up, and may stop everything; an administrator releases it. */
  operator: new Set<Permission>([
    ...everyone,
    'commands:run',
    'commands:freeze',
    'commands:approve',
    'certificates:write',
    'alerts:write',
    'audit:write',
  ]),
  admin: new Set(permission.options),
  /** Sees everything, who did what included, and changes nothing. */
  auditor: new Set<Permission>([...everyone, 'access:read', 'audit:read']),
};

/**
 * About the installation as a whole, or about everybody in it: not for who is narrowed to a part of it. With `access:write`
 * they could make somebody who is not.
 */
const ofTheWhole: ReadonlySet<Permission> = new Set<Permission>([
  'access:read',
  'access:write',
  'audit:read',
  'commands:freeze',
  'policies:write',
  'system:read',
  'system:write',
]);

/** @param scope undefined: not narrowed */
export function permissionsOf(role: Role, scope: Scope | undefined): ReadonlySet<Permission> {
  const granted = permissionsOfRole[role];
  if (scope === undefined) return granted;
  return new Set([...granted].filter((each) => !ofTheWhole.has(each)));
}

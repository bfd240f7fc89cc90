import type { Permission } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Caller } from '../auth/caller';

/**
 * Who may call a route. `public`: anybody; `authenticated`: every known caller; otherwise callers with the permission.
 */
export type Access = 'public' | 'authenticated' | Permission;

export const may = (caller: Caller, needed: Permission): boolean => caller.permissions.has(needed);

/** The one check of routes. @throws AppError UNAUTHENTICATED, FORBIDDEN */
export function authorise(access: Access, caller: Caller | undefined): void {
  if (access === 'public') return;
  if (caller === undefined) throw new AppError('UNAUTHENTICATED', 'Sign in, or send an API key');
  if (access !== 'authenticated' && !may(caller, access))
    throw new AppError('FORBIDDEN', `This needs the permission ${access}`);
}

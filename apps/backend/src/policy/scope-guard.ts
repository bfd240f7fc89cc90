import type { ScopedObject, ScopeRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Caller } from '../auth/caller';
import type { ScopedInput } from './scope-rules';
import { scopeRuleOf } from './scope-rules';

export interface ScopeGuardDeps {
  readonly scopes: Pick<ScopeRepository, 'holdAll'>;
}

interface Called {
  readonly method: string;
  readonly path: string;
}

const outside = (): AppError => new AppError('FORBIDDEN', 'This lies outside your scope');

/** Holds narrowed callers to their scope, by the rule of the route. Callers that are not narrowed cost nothing here. */
export class ScopeGuard {
  constructor(private readonly deps: ScopeGuardDeps) {}

  /**
   * Before anything else of the request is looked at, so that what is foreign is answered like what is not there.
   * @throws AppError FORBIDDEN for a route without a rule, NOT_FOUND
   */
  async admitAddress(
    route: Called,
    caller: Caller | undefined,
    params: ScopedInput['params'],
  ): Promise<void> {
    if (caller?.scope === undefined) return;
    const rule = scopeRuleOf(route.method, route.path);
    if (rule === undefined) throw outside();
    if (rule.address) await this.#assertHeld(caller, [rule.address(params)]);
  }

  /** @throws AppError FORBIDDEN, NOT_FOUND for what the body names */
  async admitInput(route: Called, caller: Caller | undefined, input: ScopedInput): Promise<void> {
    if (caller?.scope === undefined) return;
    const rule = scopeRuleOf(route.method, route.path);
    if (rule?.allows?.(caller.scope, input) === false) throw outside();
    if (rule?.named) await this.#assertHeld(caller, rule.named(input));
  }

  async #assertHeld({ scope }: Caller, objects: readonly ScopedObject[]): Promise<void> {
    if (scope !== undefined && !(await this.deps.scopes.holdAll(scope, objects)))
      throw new AppError('NOT_FOUND', 'There is nothing at this address');
  }
}

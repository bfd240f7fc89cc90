import type { Role, Scope } from '@viw/contracts';
import { useState } from 'react';
import { scopeChoiceOf, scopeOf } from './scope-choice';

/** Role and scope of a form. `scope`: null for none; undefined while something about it is wrong. */
export const usePrincipalForm = (initial: { role: Role; scope: Scope | null }) => {
  const [role, setRole] = useState(initial.role);
  const [choice, setChoice] = useState(() => scopeChoiceOf(initial.scope));
  const [tried, setTried] = useState(false);
  const { scope } = scopeOf(choice);
  // Of the fields, not of the text: what only says the same in other words is no change.
  const same = JSON.stringify(scope) === JSON.stringify(scopeOf(scopeChoiceOf(initial.scope)).scope);
  return {
    role,
    scope,
    /** Somebody wants to send it: from now on what is wrong is said. */
    attempt: () => setTried(true),
    /** What differs from `initial` only: what somebody else changes meanwhile is not taken back. */
    changes: {
      ...(role === initial.role ? {} : { role }),
      ...(same || scope === undefined ? {} : { scope }),
    },
    fields: { role, onRole: setRole, scope: choice, onScope: setChoice, tried },
  };
};

import { scope as scopeSchema, type Role, type Scope } from '@viw/contracts';
import { useState } from 'react';
import { scopeFromText } from './role-words';

/** Role and scope of a form. `scope`: as typed, checked by the contract; undefined while that refuses it. */
export const usePrincipalForm = (initial: { role: Role; scope: Scope | null }) => {
  const [role, setRole] = useState(initial.role);
  const [text, setText] = useState(initial.scope === null ? '' : JSON.stringify(initial.scope, null, 1));
  const given = scopeFromText(text);
  const parsed = scopeSchema.nullable().safeParse(given);
  const issue = parsed.error?.issues[0];
  const scopeError =
    given === undefined
      ? 'Not JSON'
      : issue === undefined
        ? undefined
        : [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
  const sameScope = JSON.stringify(parsed.data) === JSON.stringify(initial.scope);
  return {
    role,
    scope: parsed.data,
    /** What differs from `initial` only: what somebody else changes meanwhile is not taken back. */
    changes: {
      ...(role === initial.role ? {} : { role }),
      ...(sameScope || parsed.data === undefined ? {} : { scope: parsed.data }),
    },
    fields: { role, onRole: setRole, scope: text, onScope: setText, scopeError },
  };
};

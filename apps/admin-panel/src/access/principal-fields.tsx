import { Select } from '@mantine/core';
import { role, type Role } from '@viw/contracts';
import { roleLabels } from './role-words';
import type { ScopeChoice } from './scope-choice';
import { ScopeFields } from './scope-fields';

interface PrincipalFieldsProps {
  readonly role: Role;
  readonly onRole: (role: Role) => void;
  readonly scope: ScopeChoice;
  readonly onScope: (scope: ScopeChoice) => void;
  readonly tried: boolean;
}

/** What somebody may do, and with what. */
export const PrincipalFields = ({ role: chosen, onRole, scope, onScope, tried }: PrincipalFieldsProps) => (
  <>
    <Select
      label="Role"
      data={role.options.map((value) => ({ value, label: roleLabels[value] }))}
      value={chosen}
      onChange={(value) => onRole(role.catch('viewer').parse(value))}
      allowDeselect={false}
    />
    <ScopeFields value={scope} onChange={onScope} tried={tried} />
  </>
);

import { Select, Textarea } from '@mantine/core';
import { role, type Role } from '@viw/contracts';
import { roleLabels } from './role-words';

interface PrincipalFieldsProps {
  readonly role: Role;
  readonly onRole: (role: Role) => void;
  readonly scope: string;
  readonly onScope: (scope: string) => void;
  readonly scopeError: string | undefined;
}

/** What somebody may do, and with what. */
export const PrincipalFields = ({
  role: chosen,
  onRole,
  scope,
  onScope,
  scopeError,
}: PrincipalFieldsProps) => (
  <>
    <Select
      label="Role"
      data={role.options.map((value) => ({ value, label: roleLabels[value] }))}
      value={chosen}
      onChange={(value) => onRole(role.catch('viewer').parse(value))}
      allowDeselect={false}
    />
    <Textarea
      label="Narrowed to"
      description="As JSON; empty: not narrowed. What is not named is outside; “all” does not narrow a kind."
      placeholder={'{"gateways": {"labels": {"site": "berlin"}}, "verbs": "all"}'}
      autosize
      minRows={2}
      maxRows={8}
      spellCheck={false}
      classNames={{ input: 'mono' }}
      value={scope}
      error={scopeError}
      onChange={({ currentTarget }) => onScope(currentTarget.value)}
    />
  </>
);

import { Alert, Button, Checkbox, Group, Modal, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { runningRole, type RunningRole, type VerbDescription, type VerbPolicy } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { GatewayFields } from '../selectors/gateway-fields';
import { policyPut, typedPolicy, type TypedPolicy } from './policy-form';
import { usePolicyWrite } from './use-policy-write';

export interface PolicyModalProps {
  /** Undefined: closed. */
  readonly asked:
    | { readonly verb: Pick<VerbDescription, 'verb' | 'title'>; readonly policy: VerbPolicy | undefined }
    | undefined;
  readonly onClose: () => void;
  /** The request that the change waits as; null: it is done. */
  readonly onChanged: (approvalId: string | null) => void;
}

const roleLabels: Record<RunningRole, string> = { admin: 'Administrators', operator: 'Operators' };
const whereWords = {
  all: 'Every gateway',
  some: 'Only gateways that are named here',
  none: 'None: nobody may run it anywhere',
};

export const PolicyModal = ({ asked, onClose, onChanged }: PolicyModalProps) => (
  <Modal
    opened={asked !== undefined}
    onClose={onClose}
    title={`Policy of ${asked?.verb.title ?? ''}`}
    size="lg"
  >
    {asked ? <Form asked={asked} onClose={onClose} onChanged={onChanged} /> : null}
  </Modal>
);

type FormProps = PolicyModalProps & { readonly asked: NonNullable<PolicyModalProps['asked']> };

const Form = ({ asked: { verb, policy }, onClose, onChanged }: FormProps) => {
  const [typed, setTyped] = useState(() => typedPolicy(policy));
  const [tried, setTried] = useState(false);
  const { pending, error, send } = usePolicyWrite((approvalId) => {
    onClose();
    onChanged(approvalId);
  });
  const { body, wrong } = policyPut(typed, policy);
  const shown = tried ? wrong : {};
  const change = (changed: Partial<TypedPolicy>): void => setTyped((before) => ({ ...before, ...changed }));
  const set = (): void => {
    setTried(true);
    if (body) send(async () => api.verbPolicies.set(verb.verb, body));
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), set())} noValidate autoComplete="off">
      <Stack gap="sm">
        <Checkbox.Group
          label="Who may run it"
          value={[...typed.roles]}
          onChange={(roles) => change({ roles })}
          error={shown['roles']}
        >
          <Group gap="lg" mt={4}>
            {runningRole.options.map((role) => (
              <Checkbox key={role} value={role} label={roleLabels[role]} />
            ))}
          </Group>
        </Checkbox.Group>
        <GatewayFields
          label="On which gateways"
          words={whereWords}
          value={typed.where}
          onChange={(where) => change({ where })}
          tried={tried}
        />
        <Switch
          label="A second person has to approve each command"
          description="Somebody else, signed in, who may run it there, too. Nothing is sent before."
          checked={typed.secondPerson}
          onChange={({ currentTarget }) => change({ secondPerson: currentTarget.checked })}
        />
        {typed.secondPerson ? (
          <NumberInput
            label="A request waits"
            description="1 minute to 24 hours; then it has run out of time."
            suffix=" min"
            min={1}
            max={1_440}
            clampBehavior="none"
            value={typed.waits}
            onChange={(waits) => change({ waits })}
            error={shown['approval_ttl_s']}
          />
        ) : null}
        <NumberInput
          label="On how many gateways at once"
          description="Gateways with an unfinished command of this kind. Empty: as many as there are."
          min={1}
          allowDecimal={false}
          clampBehavior="none"
          value={typed.maxTargets}
          onChange={(maxTargets) => change({ maxTargets })}
          error={shown['max_targets']}
        />
        {policy?.approval === 'second_person' ? (
          <>
            <Alert color="orange" py="xs">
              This policy asks for a second person. A change that makes it weaker waits for one, too: without
              a second person, for more people, on more gateways or on more of them at once. One that makes it
              stronger holds at once.
            </Alert>
            <TextInput
              label="Reason"
              description="For who has to approve it, if it waits."
              value={typed.reason}
              error={shown['reason']}
              onChange={({ currentTarget }) => change({ reason: currentTarget.value })}
            />
          </>
        ) : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Set 1 policy
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

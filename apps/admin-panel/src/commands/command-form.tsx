import { Alert, Button, Checkbox, Group, NumberInput, Stack, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { commandRequest, limits } from '@viw/contracts';
import type { CommandAccepted, Gateway, VerbDescription } from '@viw/contracts';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { argumentError, argumentFields, parametersFrom, type ArgumentValues } from './argument-fields';
import { ArgumentInput } from './argument-input';
import { deliveryNote, whyUnavailable } from './availability';
import { policyEffect } from './policy-effect';

interface CommandFormProps {
  readonly gateway: Gateway;
  readonly verb: VerbDescription;
  readonly onAccepted: (answer: CommandAccepted) => void;
}

const maxReason = commandRequest.shape.reason.unwrap().maxLength ?? undefined;

/** Secrets live in this form's state while they are typed and are gone as soon as the command is accepted. */
export const CommandForm = ({ gateway, verb, onAccepted }: CommandFormProps) => {
  const client = useQueryClient();
  const fields = useMemo(() => argumentFields(verb), [verb]);
  const [values, setValues] = useState<ArgumentValues>({});
  const [ttl, setTtl] = useState<number>(limits.commandTtlDefaultSeconds);
  const [tried, setTried] = useState(false);
  const [sure, setSure] = useState(false);
  // One key per intent: pressing again after a broken connection cannot run it twice; any change is a new intent.
  const [intent, setIntent] = useState(newUuid);
  const { pending, error, submit, clear } = useSubmit();
  const [reason, setReason] = useState('');
  const { data: me } = useQuery(queries.me);
  const policies = useQuery(queries.verbPolicies);
  const policy = policies.data?.items.find((one) => one.verb === verb.verb);
  const { refused, waits } = policyEffect(policy, me?.role, gateway);
  const unavailable = whyUnavailable(verb, gateway) ?? refused;
  const note = deliveryNote(gateway);
  const errors = new Map(fields.map((field) => [field.name, argumentError(field, values[field.name] ?? '')]));

  const change = (name: string, value: string): void => {
    setValues((before) => ({ ...before, [name]: value }));
    setIntent(newUuid());
    clear();
  };
  const run = (): void => {
    setTried(true);
    if (unavailable || [...errors.values()].some(Boolean)) return;
    void submit(
      async () =>
        api.commands.run(
          gateway.agent_id,
          {
            command: verb.verb,
            parameters: parametersFrom(fields, values),
            ttl_s: ttl,
            ...(waits && reason.trim() ? { reason: reason.trim() } : {}),
          },
          { idempotencyKey: intent },
        ),
      (answer) => {
        setValues((before) => withoutSecrets(before, verb.secret_arguments));
        setTried(false);
        setSure(false);
        setIntent(newUuid());
        void client.invalidateQueries({ queryKey: ['commands', gateway.agent_id] });
        setReason('');
        if (answer.status) void client.invalidateQueries({ queryKey: ['approvals'] });
        onAccepted(answer);
      },
    );
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), run())} noValidate autoComplete="off">
      <Stack gap="sm" mt="sm">
        <Text size="sm" c="dimmed">
          {verb.description}
        </Text>
        {unavailable ? (
          <Alert color="orange" title="Not possible on this gateway">
            {unavailable}
          </Alert>
        ) : null}
        {fields.map((field) => (
          <ArgumentInput
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            error={tried || values[field.name] ? shownError(errors.get(field.name), tried) : undefined}
            disabled={unavailable !== undefined}
            onChange={(value) => change(field.name, value)}
          />
        ))}
        <NumberInput
          label="Give up after"
          description={`If it has not started by then. Once started it may take ${verb.timeout_s} s.`}
          value={ttl}
          onChange={(value) => {
            setTtl(Number(value) || limits.commandTtlDefaultSeconds);
            setIntent(newUuid());
          }}
          min={1}
          max={limits.commandTtlMaxSeconds}
          suffix=" s"
          disabled={unavailable !== undefined}
        />
        {note && !unavailable ? (
          <Text size="sm" className="warn">
            {note}
          </Text>
        ) : null}
        {verb.risk === 'disruptive' && !unavailable ? (
          <Checkbox
            label="I know that this interrupts service on the gateway"
            checked={sure}
            onChange={({ currentTarget }) => setSure(currentTarget.checked)}
          />
        ) : null}
        {waits && !unavailable ? (
          <SecondPerson
            reason={reason}
            onChange={(text) => {
              setReason(text);
              setIntent(newUuid());
            }}
          />
        ) : null}
        {policies.error ? <ErrorNotice error={policies.error} retry={() => void policies.refetch()} /> : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button
            type="submit"
            loading={pending}
            disabled={unavailable !== undefined || (verb.risk === 'disruptive' && !sure)}
            {...(verb.risk === 'disruptive' ? { color: 'var(--viw-danger)' } : {})}
          >
            {waits ? 'Ask: ' : ''}
            {verb.title} on {gateway.display_name ?? gateway.agent_id}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

const SecondPerson = ({ reason, onChange }: { reason: string; onChange: (text: string) => void }) => (
  <Alert color="orange" title="It waits for a second person">
    <Stack gap="xs">
      <Text size="sm">
        Its policy asks for one: nothing is sent before somebody else approves it. See{' '}
        <Link className="text-link" to="/approvals">
          what waits
        </Link>
        .
      </Text>
      <Textarea
        label="Reason"
        description="For who has to approve it, and for the audit log."
        autosize
        maxRows={5}
        maxLength={maxReason}
        value={reason}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </Stack>
  </Alert>
);

/** While typing only what is wrong is said, not what is still missing. */
const shownError = (error: string | undefined, tried: boolean): string | undefined =>
  tried || error !== 'Required' ? error : undefined;

const withoutSecrets = (values: ArgumentValues, secrets: readonly string[]): ArgumentValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name)));

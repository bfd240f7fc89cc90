import { Alert, Button, Checkbox, Group, NumberInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { limits, type Gateway, type VerbDescription } from '@viw/contracts';
import { useMemo, useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { argumentError, argumentFields, parametersFrom, type ArgumentValues } from './argument-fields';
import { ArgumentInput } from './argument-input';
import { deliveryNote, whyUnavailable } from './availability';

interface CommandFormProps {
  readonly gateway: Gateway;
  readonly verb: VerbDescription;
  readonly onAccepted: (correlationId: string) => void;
}

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
  const unavailable = whyUnavailable(verb, gateway);
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
          { command: verb.verb, parameters: parametersFrom(fields, values), ttl_s: ttl },
          { idempotencyKey: intent },
        ),
      ({ correlation_id }) => {
        setValues((before) => withoutSecrets(before, verb.secret_arguments));
        setTried(false);
        setSure(false);
        setIntent(newUuid());
        void client.invalidateQueries({ queryKey: ['commands', gateway.agent_id] });
        onAccepted(correlation_id);
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
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button
            type="submit"
            loading={pending}
            disabled={unavailable !== undefined || (verb.risk === 'disruptive' && !sure)}
            {...(verb.risk === 'disruptive' ? { color: 'red' } : {})}
          >
            {verb.title} on {gateway.display_name ?? gateway.agent_id}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** While typing only what is wrong is said, not what is still missing. */
const shownError = (error: string | undefined, tried: boolean): string | undefined =>
  tried || error !== 'Required' ? error : undefined;

const withoutSecrets = (values: ArgumentValues, secrets: readonly string[]): ArgumentValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name)));

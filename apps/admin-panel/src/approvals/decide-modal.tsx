import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { approvalDecision, type Approval, type ApprovalAction } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { ApprovalFacts } from './approval-facts';
import { actionWords, askedFor, consequence } from './approval-words';

/** What somebody is about to say to which request. */
export interface Decision {
  readonly approval: Approval;
  readonly action: ApprovalAction;
}

interface DecideModalProps {
  /** Undefined: closed. Held by the page, so that a refusal stays when the request leaves its list. */
  readonly decision: Decision | undefined;
  readonly onClose: () => void;
  readonly onDecided: (approval: Approval) => void;
}

export const DecideModal = ({ decision, onClose, onDecided }: DecideModalProps) => (
  <Modal
    opened={decision !== undefined}
    onClose={onClose}
    title={decision ? `${actionWords[decision.action]} a request` : ''}
    size="lg"
  >
    {decision ? <Form decision={decision} onClose={onClose} onDecided={onDecided} /> : null}
  </Modal>
);

const Form = ({
  decision: { approval, action },
  onClose,
  onDecided,
}: DecideModalProps & { decision: Decision }) => {
  const client = useQueryClient();
  const verbs = useQuery(queries.verbs).data?.items ?? [];
  const [note, setNote] = useState('');
  const { pending, error, submit } = useSubmit();
  const what = askedFor(approval, verbs);
  const tooLong = approvalDecision.safeParse(bodyOf(note)).error?.issues[0]?.message;
  const decide = (): void => {
    if (tooLong) return;
    void submit(
      async () =>
        api.approvals[action](approval.id, bodyOf(note)).catch((refusal: unknown) => {
          // Somebody may have been first: what is shown is looked at again.
          refresh();
          throw refusal;
        }),
      (decided) => {
        refresh();
        onClose();
        onDecided(decided);
      },
    );
  };
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ['approvals'] });
    void client.invalidateQueries({ queryKey: ['approval', approval.id] });
    if (approval.kind === 'verb_policy') void client.invalidateQueries({ queryKey: ['verb-policies'] });
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), decide())} autoComplete="off">
      <Stack gap="md">
        <Text fw={600}>{what}</Text>
        <ApprovalFacts approval={approval} />
        <Text size="sm">{consequence(action, approval)}</Text>
        <Textarea
          label="Note"
          description="Stays with the request, for who has asked and for the audit log."
          autosize
          minRows={2}
          maxRows={6}
          value={note}
          error={tooLong}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={pending}
            {...(action === 'approve' ? {} : { color: 'var(--viw-danger)' })}
          >
            {actionWords[action]} 1 request
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

const bodyOf = (note: string) => (note.trim() === '' ? {} : { note: note.trim() });

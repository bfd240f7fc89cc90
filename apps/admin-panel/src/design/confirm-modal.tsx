import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from './notices';

interface ConfirmModalProps<T> {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will be so afterwards, and what cannot be taken back. */
  readonly children: ReactNode;
  /** What it does, with the count: "Revoke 3 keys". */
  readonly action: string;
  /** To be typed first, where nothing brings back what is gone. */
  readonly typed?: string;
  readonly write: () => Promise<T>;
  readonly done: (answer: T) => void;
}

/** Consequences before a step that cannot just be undone. A refusal stays in it, in the API's words. */
export const ConfirmModal = <T,>({ opened, onClose, title, ...others }: ConfirmModalProps<T>) => (
  <Modal opened={opened} onClose={onClose} title={title}>
    <Confirmation onClose={onClose} {...others} />
  </Modal>
);

const Confirmation = <T,>({
  onClose,
  children,
  action,
  typed,
  write,
  done,
}: Omit<ConfirmModalProps<T>, 'opened' | 'title'>) => {
  const [text, setText] = useState('');
  const { pending, error, submit } = useSubmit();
  const ready = typed === undefined || text.trim() === typed;
  const confirm = (): void => {
    if (!ready) return;
    void submit(write, (answer) => {
      onClose();
      done(answer);
    });
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), confirm())} autoComplete="off">
      <Stack gap="md">
        <Stack gap={6} fz="sm">
          {children}
        </Stack>
        {typed === undefined ? null : (
          <TextInput
            label={
              <>
                Type{' '}
                <Text span inherit fw={700} className="mono">
                  {typed}
                </Text>{' '}
                to go on
              </>
            }
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            spellCheck={false}
            data-autofocus
          />
        )}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="var(--viw-danger)" loading={pending} disabled={!ready}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

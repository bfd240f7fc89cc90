import { Alert, Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './shown-once.module.css';

interface ShownOnceProps {
  /** "API key" */
  readonly what: string;
  readonly secret: string;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}

/** A secret in the one answer that holds it. It lives in the state of the open dialog and is gone with it. */
export const ShownOnce = ({ what, secret, onClose, children }: ShownOnceProps) => (
  <Stack gap="md">
    <Alert color="var(--viw-warn)" variant="light" title="Shown this once">
      Copy it now to where it is to be used. viw keeps only what it needs to check it: when this is closed,
      nobody can show it again.
    </Alert>
    <div>
      <Text size="sm" fw={500} mb={4}>
        {what}
      </Text>
      <pre className={classes['secret']} tabIndex={0} aria-label={what}>
        {secret}
      </pre>
    </div>
    {children}
    <Group justify="flex-end">
      <CopyButton value={secret}>
        {({ copied, copy }) => (
          <Button variant={copied ? 'default' : 'filled'} onClick={copy} data-autofocus>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
      <Button variant="default" onClick={onClose}>
        I have kept it
      </Button>
    </Group>
  </Stack>
);

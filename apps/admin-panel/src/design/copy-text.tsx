import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from './icons';

export const CopyText = ({ value, label = 'Copy' }: { value: string; label?: string }) => (
  <CopyButton value={value}>
    {({ copied, copy }) => (
      <Tooltip label={copied ? 'Copied' : label}>
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={label}>
          {copied ? <IconCheck /> : <IconCopy />}
        </ActionIcon>
      </Tooltip>
    )}
  </CopyButton>
);

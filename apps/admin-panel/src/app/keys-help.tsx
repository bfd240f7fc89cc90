import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';

const keys: readonly (readonly [string, readonly string[]])[] = [
  ['Search this page', ['/']],
  ['Gateways', ['g', 'g']],
  ['Certificates', ['g', 'c']],
  ['Servers', ['g', 's']],
  ['Alerts', ['g', 'a']],
  ['Approvals: what waits for a second person', ['g', 'w']],
  ['Notifications', ['g', 'n']],
  ['Issuance: ACME accounts, DNS providers', ['g', 'i']],
  ['Certificate authorities', ['g', 'k']],
  ['Access: people and API clients', ['g', 'p']],
  ['Audit log', ['g', 'l']],
  ['Overview', ['g', 'o']],
  ['This list', ['?']],
];

export const KeysHelp = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Keys" size="xs">
    <Stack gap={10}>
      {keys.map(([what, presses]) => (
        <Group key={what} justify="space-between">
          <Text size="sm">{what}</Text>
          <Group gap={4}>
            {presses.map((key, at) => (
              <Kbd key={at}>{key}</Kbd>
            ))}
          </Group>
        </Group>
      ))}
    </Stack>
  </Modal>
);

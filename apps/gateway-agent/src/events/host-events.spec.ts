import type { AgentFrame, EventFrame } from '@viw/contracts';
import { agentFrame } from '@viw/contracts';
import { createLogger, systemClock } from '@viw/runtime';
import { HostEvents } from './host-events';

const logger = createLogger({ service: 'test', level: 'silent' });

function listening(options: { capacity?: number; perMinute?: number } = {}) {
  const sent: EventFrame[] = [];
  const link = { isOpen: true };
  const uplink = {
    send(frame: AgentFrame): boolean {
      if (link.isOpen) sent.push(agentFrame.parse(frame) as EventFrame);
      return link.isOpen;
    },
  };
  const events = new HostEvents({ agentId: 'gw-1', ...options }, { uplink, clock: systemClock, logger });
  return { events, sent, link, names: () => sent.map(({ name }) => name) };
}

it('tells at once what happens in a session, each under an id of its own', () => {
  const { events, sent } = listening();
  events.emit('service', 'service.state', { service: 'openvpn', from: 'active', to: 'failed' });
  events.emit('security', 'command.refused');
  expect(sent).toMatchObject([
    { agent_id: 'gw-1', kind: 'service', data: { service: 'openvpn', to: 'failed' } },
    { kind: 'security', name: 'command.refused' },
  ]);
  expect(sent[0]?.event_id).not.toBe(sent[1]?.event_id);
});

it('keeps what happens in between until the next session, in order, and says how much did not fit', () => {
  const { events, link, names, sent } = listening({ capacity: 3 });
  link.isOpen = false;
  for (const name of ['one', 'two', 'three', 'four', 'five']) events.emit('service', name);
  link.isOpen = true;
  events.flush();
  expect(names().at(-1)).toBe('five');
  expect(sent).toHaveLength(3);
  events.emit('service', 'six');
  const told = sent.filter(({ name }) => name === 'events.omitted').map(({ data }) => data?.['count']);
  expect(told.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(
    5 - names().filter((name) => ['one', 'two', 'three', 'four', 'five'].includes(name)).length,
  );
});

it('counts what flaps instead of telling it all', () => {
  const { events, names } = listening({ perMinute: 10 });
  for (let n = 0; n < 1_000; n++) events.emit('service', 'flap');
  expect(names()).toEqual(Array.from({ length: 10 }, () => 'flap'));
});

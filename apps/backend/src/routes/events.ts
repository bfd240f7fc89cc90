import { eventTopic, eventsQuery } from '@viw/contracts';
import type { EventTopic, Permission } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Caller } from '../auth/caller';
import type { EventBroadcast } from '../events/event-broadcast';
import type { Route } from '../http/route';
import { defineStream } from '../http/route';
import { may } from '../policy/access';

const permissionOfTopic: Readonly<Record<EventTopic, Permission>> = {
  gateways: 'gateways:read',
  commands: 'commands:read',
  certificates: 'certificates:read',
  alerts: 'alerts:read',
};

/** @throws AppError VALIDATION_FAILED for a topic that there is not, FORBIDDEN when none of those wanted may be seen */
function topicsFor(caller: Caller, wanted: string | undefined): ReadonlySet<EventTopic> {
  const names = wanted === undefined ? eventTopic.options : wanted.split(',').map((name) => name.trim());
  const topics = names.map((name) => {
    const parsed = eventTopic.safeParse(name);
    if (parsed.success) return parsed.data;
    const msg = `any of: ${eventTopic.options.join(', ')}`;
    throw new AppError('VALIDATION_FAILED', `topics: ${msg}`, {
      meta: { errors: [{ path: 'topics', msg }] },
    });
  });
  const seen = new Set(topics.filter((topic) => may(caller, permissionOfTopic[topic])));
  if (seen.size === 0) throw new AppError('FORBIDDEN', 'None of these topics may be seen');
  return seen;
}

export const eventRoutes = (hub: EventBroadcast): Route[] => [
  defineStream({
    method: 'GET',
    path: '/admin/api/events',
    access: 'authenticated',
    summary: 'Changes as server-sent events, resumable by Last-Event-ID',
    query: eventsQuery,
    status: 200,
    open: ({ caller, query, request }, response) => {
      const lastEventId = request.headers['last-event-id'];
      const topics = topicsFor(caller, query.topics);
      hub.open({ caller, topics }, typeof lastEventId === 'string' ? lastEventId : undefined, response);
    },
  }),
];

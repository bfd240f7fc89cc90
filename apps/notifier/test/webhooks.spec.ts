import {
  bridgeAlertsStream,
  certAlertsStream,
  certEventsStream,
  changesStream,
  deadLetterStream,
  notificationType,
} from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { NotifierStage, newKey } from './notifier-stage';
import type { Receiver } from './receiver';
import { answering, hanging } from './receiver';

const stage = new NotifierStage();
let receiver: Receiver;
let other: Receiver;
let stopNotifier: () => Promise<void>;
beforeAll(async () => {
  await stage.start({ receivers: 2 });
  [receiver, other] = stage.receivers as [Receiver, Receiver];
  stopNotifier = await stage.startNotifier();
}, 60_000);
afterAll(() => stage.stop());
afterEach(async () => {
  await sql`DELETE FROM viw.notification_channels`.execute(stage.db);
  for (const each of stage.receivers) {
    each.received.length = 0;
    each.behaviour = answering(204);
  }
});

const statesOf = async (channelId: string) => (await stage.deliveries(channelId)).map(({ state }) => state);

test('an alert is stored, told to the panel, and delivered with a signature that others verify', async () => {
  const { id, secret } = await stage.channel(receiver.url);
  const key = newKey();
  await stage.say(key);
  await stage.say(key);
  await eventually(() => expect(receiver.received).toHaveLength(1));
  await stage.say(key, 'cleared');
  await eventually(() => expect(receiver.types()).toEqual(['alert.raised', 'alert.resolved']));
  for (const { body, headers } of receiver.received) {
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      data: { alert: { kind: 'disk-full' } },
    });
    expect(() => new Webhook(secret).verify(body.replace('disk', 'risk'), headers)).toThrow();
  }
  await expect(stage.alert(key)).resolves.toMatchObject({ state: 'resolved', times: 2 });
  await eventually(() => expect(statesOf(id)).resolves.toEqual(['delivered', 'delivered']));
  const entries = await stage.client.xrevrange(changesStream.stream, '+', '-', 'COUNT', 20);
  expect(JSON.stringify(entries)).toContain((await stage.alert(key))?.id);
  await expect(
    eventually(async () => (await stage.alerts.evaluatedAt()) ?? fail('not yet')),
  ).resolves.toBeTruthy();
});

test('what becomes of certificates is delivered by name, and each channel gets what it asked for', async () => {
  const certificates = notificationType.options.filter((each) => !each.startsWith('alert.'));
  const all = await stage.channel(receiver.url, { events: certificates, min_severity: 'info' });
  await stage.channel(other.url, {
    events: ['certificate.deployed', 'certificate.drift'],
    min_severity: 'critical',
  });
  const [certificate, operation] = [uuidv7(), uuidv7()];
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (${certificate}, '{a.example}', 'acme', 'http-01', 'ec-p256', 'test')`.execute(stage.db);
  const end = { event: 'finished', operation_id: operation, certificate_id: certificate } as const;
  const at = new Date().toISOString();
  for (const kind of ['renew', 'deploy'] as const)
    await stage.producer.publish(certEventsStream, { ...end, kind, outcome: 'succeeded', at });
  await stage.producer.publish(certEventsStream, {
    ...{ ...end, kind: 'renew', outcome: 'failed', at },
    error: { code: 'ACME_REFUSED', msg: 'no' },
  });
  await stage.say(`certificate.expiring:${certificate}`, 'raised', 'info');
  await stage.say(newKey('certificate-drift'), 'raised', 'critical');
  await stage.say(newKey('certificate-drift'), 'raised', 'warning');
  await eventually(() => expect(receiver.received).toHaveLength(5));
  expect(receiver.types().sort()).toEqual([
    'certificate.deployed',
    ...['certificate.drift', 'certificate.drift', 'certificate.expiring', 'certificate.renewed'],
  ]);
  expect(receiver.received[0]?.event.data).toMatchObject({
    certificate_id: certificate,
    names: ['a.example'],
  });
  await eventually(() => expect(other.types().sort()).toEqual(['certificate.deployed', 'certificate.drift']));
  await expect(stage.deliveries(all.id)).resolves.toHaveLength(5);
});

test('a receiver that fails gets it again with the same id, and in order; one that does not come back is given up', async () => {
  const { id } = await stage.channel(receiver.url);
  receiver.behaviour = (request, response) => {
    receiver.behaviour = answering(200);
    answering(500)(request, response);
  };
  const keys = [newKey(), newKey()];
  for (const key of keys) await stage.say(key);
  await eventually(() => expect(statesOf(id)).resolves.toEqual(['delivered', 'delivered']));
  const [first, again, second] = receiver.received.map((each) => each.id);
  expect(receiver.received).toHaveLength(3);
  expect([again, second === first]).toEqual([first, false]);
  expect(receiver.received[2]?.body).toContain(keys[1]);

  await stage.channel(other.url, { min_severity: 'info', events: ['alert.raised', 'alert.resolved'] });
  receiver.behaviour = answering(500);
  await stage.say(keys[0] ?? '', 'cleared');
  await eventually(() => expect(statesOf(id)).resolves.toContain('given_up'));
  const failing = `notification-failing:${id}`;
  await expect(stage.alert(failing)).resolves.toMatchObject({ state: 'firing', detail: 'answered 500' });
  receiver.behaviour = answering(200);
  await stage.say(keys[1] ?? '', 'cleared');
  await eventually(() => expect(stage.alert(failing)).resolves.toMatchObject({ state: 'resolved' }));
  // Its own failure is told to others, not to itself.
  const kinds = (of: Receiver) => JSON.stringify(of.received);
  await eventually(() => expect(kinds(other).match(/notification-failing/g)).toHaveLength(4));
  expect(kinds(receiver)).not.toContain('notification-failing');
});

test('one that hangs, one that redirects and one that is away hold up nobody', async () => {
  const ALERTS = 12;
  await stopNotifier();
  const stopQuick = await stage.startNotifier({ NOTIFIER_WEBHOOK_TIMEOUT_S: '2' });
  const slow = await stage.channel(receiver.url);
  const away = await stage.channel('https://127.0.0.1:9/');
  const well = await stage.channel(other.url);
  receiver.behaviour = hanging;
  for (let n = 0; n < ALERTS; n++) await stage.say(newKey());
  await eventually(() => expect(statesOf(well.id)).resolves.toEqual(Array(ALERTS).fill('delivered')));
  // One that waited for it would have come behind as many attempts.
  const attempts = (await stage.deliveries(slow.id)).reduce((sum, each) => sum + each.attempts, 0);
  expect(attempts).toBeLessThan(ALERTS - 1);
  const errorOf = async (id: string) => (await stage.deliveries(id))[0]?.last_error;
  await eventually(() => expect(errorOf(slow.id)).resolves.toBe('no answer within 2 s'));
  await eventually(() => expect(errorOf(away.id)).resolves.toBe('no connection: ECONNREFUSED'));
  receiver.behaviour = answering(307, { location: other.url });
  const errorsOf = async (id: string) => (await stage.deliveries(id)).map((each) => each.last_error);
  await eventually(() => expect(errorsOf(slow.id)).resolves.toContain('answered 307'));
  expect(new Set(other.received.map((each) => each.id)).size).toBe(ALERTS);
  await stopQuick();
  stopNotifier = await stage.startNotifier();
});

test('while a secret is rotated both sign; later only the new one does', async () => {
  const { id, secret: former } = await stage.channel(receiver.url);
  const { secret, ...sealed } = stage.newSecret();
  await stage.channels.retireSecrets(id, 3_600);
  await stage.channels.addSecret(id, sealed);
  await stage.say(newKey());
  await eventually(() => expect(receiver.received).toHaveLength(1));
  const [both] = receiver.received;
  for (const each of [former, secret])
    expect(() => new Webhook(each).verify(both?.body ?? '', both?.headers ?? {})).not.toThrow();
  await sql`UPDATE viw.notification_secrets SET retires_at = now() WHERE retires_at IS NOT NULL`.execute(
    stage.db,
  );
  await stage.say(newKey());
  await eventually(() => expect(receiver.received).toHaveLength(2));
  const { body = '', headers = {} } = receiver.received[1] ?? {};
  expect(() => new Webhook(former).verify(body, headers)).toThrow();
  expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  const said =
    stage.log.join('') + JSON.stringify(await stage.client.xrevrange(changesStream.stream, '+', '-'));
  for (const each of [former, secret]) expect(said).not.toContain(each.slice('whsec_'.length));
});

test('an address that no setting allows is not connected to', async () => {
  const { id } = await stage.channel('https://10.0.0.1/');
  await stage.say(newKey());
  await eventually(async () =>
    expect((await stage.deliveries(id))[0]?.last_error).toBe(
      'the address is not public, and NOTIFIER_PRIVATE_NETWORKS does not allow its network',
    ),
  );
});

test('what waits for too long is given up, with an alert; of a paused channel without', async () => {
  const late = await stage.channel(receiver.url);
  const paused = await stage.channel(receiver.url, { enabled: false });
  for (const { id } of [late, paused])
    await sql`INSERT INTO viw.notifications (id, channel_id, event_id, type, body, created_at, next_attempt_at)
      VALUES (${uuidv7()}, ${id}, ${uuidv7()}, 'test', '{}', now() - interval '73 hours', now() + interval '1 hour')`.execute(
      stage.db,
    );
  for (const { id } of [late, paused])
    await eventually(() => expect(statesOf(id)).resolves.toEqual(['given_up']));
  await expect(stage.alert(`notification-failing:${late.id}`)).resolves.toMatchObject({
    title: expect.stringMatching(/not delivered in time/) as unknown,
  });
  await expect(stage.alert(`notification-failing:${paused.id}`)).resolves.toBeUndefined();
  expect(receiver.received).toEqual([]);
  // What arrives after that ends the alert.
  await stage.say(newKey());
  await eventually(() =>
    expect(stage.alert(`notification-failing:${late.id}`)).resolves.toMatchObject({ state: 'resolved' }),
  );
});

test('each writer is believed in its own stream and of its own kinds; what a former version has left counts', async () => {
  const certificate = uuidv7();
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (${certificate}, '{b.example}', 'acme', 'http-01', 'ec-p256', 'test')`.execute(stage.db);
  const key = `renewal.failing:${certificate}`;
  const word = (action: 'raised' | 'cleared', dedupe_key: string) =>
    ({ action, dedupe_key, severity: 'warning', title: action, at: new Date().toISOString() }) as const;
  await stage.say(key);
  await eventually(async () => expect(await stage.alert(key)).toMatchObject({ state: 'firing', times: 1 }));
  await stage.producer.publish(certAlertsStream, word('raised', key));
  await eventually(async () => expect(await stage.alert(key)).toMatchObject({ times: 2 }));

  // A stolen hub: whatever it writes, it writes there.
  const { fields } = encodeEntry(certAlertsStream, word('cleared', key));
  await stage.client.xadd(bridgeAlertsStream.stream, '*', ...fields);
  await expect(stage.producer.publish(bridgeAlertsStream, word('cleared', key))).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
  });
  // Of its own it is believed, and what comes behind its forgery is read.
  const own = newKey('agent-contested');
  await stage.producer.publish(bridgeAlertsStream, word('raised', own));
  await eventually(async () => expect(await stage.alert(own)).toBeDefined());
  const dead = deadLetterStream(bridgeAlertsStream.stream);
  await eventually(async () => expect(await stage.client.xlen(dead)).toBe(1));
  expect(await stage.alert(key)).toMatchObject({ state: 'firing', times: 2 });

  await stage.producer.publish(certAlertsStream, word('cleared', key));
  await eventually(async () => expect(await stage.alert(key)).toMatchObject({ state: 'resolved' }));
});

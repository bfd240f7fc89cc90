import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { sql } from 'kysely';
import { uniqueAgent } from '../test-backend';
import type { PanelUnderTest } from './panel-under-test';

/** What a second person has to approve, from both sides. */
export function approvalPages({ stage, watched, open }: PanelUnderTest): void {
  /** Who may run commands and approve others' requests, and is not the one at the page. */
  let operator: Client;
  const agentId = uniqueAgent();
  const dialog = () => watched().page.getByRole('dialog');
  const badge = () => watched().page.getByRole('link', { name: /^Approvals\s*1\s*waiting$/ });

  /** The page hears of what happens from now on. */
  const live = () => watched().page.getByText('Live', { exact: true }).waitFor();

  beforeAll(async () => {
    const { backend, around } = stage();
    const admin = await backend.signIn();
    const signIn = { email: 'olga@example.org', password: 'a password of fifteen words' };
    await admin.administrators.create({ ...signIn, role: 'operator' });
    operator = createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
    await operator.session.signIn(signIn);
    await admin.gateways.register({
      agent_id: agentId,
      labels: { site: 'berlin' },
      public_keys: { sealing: around.sealing.publicKey },
    });
    await sql`UPDATE viw.os_gateways SET state = 'offline', first_seen_at = now(),
      supported_verbs = '["restart_agent", "create_panel_user"]' WHERE agent_id = ${agentId}`.execute(
      around.owner,
    );
  });

  it('policies: a verb asks for a second person, and the command says so and waits', async () => {
    const { page } = watched();
    await open('/approvals?tab=policies');
    await page.getByRole('button', { name: 'Set the policy of Restart agent' }).click();
    await dialog()
      .getByRole('switch', { name: /second person/ })
      .check({ force: true });
    await dialog().getByRole('combobox', { name: 'On which gateways' }).click();
    await page.getByRole('option', { name: /Only gateways/ }).click();
    await dialog().getByRole('button', { name: 'Set 1 policy' }).click();
    await dialog().getByText('At least one gateway or one label').waitFor();
    expect(await watched().faults()).toEqual([]);
    await dialog().getByRole('combobox', { name: 'Gateways by label' }).fill('site=berlin');
    await dialog().getByRole('combobox', { name: 'Gateways by label' }).press('Enter');
    await dialog().getByRole('button', { name: 'Set 1 policy' }).click();
    await page.getByText('on gateways where "site" is "berlin"').waitFor();
    await dialog().waitFor({ state: 'detached' });

    await open(`/gateways/${agentId}?tab=run&verb=restart_agent`);
    await page.getByText('It waits for a second person').waitFor();
    await page.getByLabel('Reason').fill('Hangs since noon');
    await page.getByLabel('I know that this interrupts service').check();
    expect(await watched().faults()).toEqual([]);
    await page.getByRole('button', { name: /^Ask: Restart agent/ }).click();
    await page.getByText('It waits for a second person; nothing is sent before.').waitFor();
    const [request] = (await operator.approvals.list({ status: 'waiting' })).items;
    expect(request).toMatchObject({ verb: 'restart_agent', agent_id: agentId, reason: 'Hangs since noon' });

    await page.getByRole('link', { name: 'Open the request' }).click();
    await page.getByText('You have asked for it: somebody else has to approve it.').waitFor();
    expect(await page.getByRole('button', { name: /^Approve/ }).count()).toBe(0);
    expect(await watched().faults()).toEqual([]);
    await live();
    await operator.approvals.approve(request?.id ?? '', { note: 'Seen on the console' });
    // By the event stream: nobody has touched the page.
    await page.getByText('Seen on the console').waitFor();
    await page.getByRole('list', { name: 'Progress' }).waitFor();
  });

  it('approvals: who asks what and why is seen at once, and what was typed is text', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    await admin.verbPolicies.set('create_panel_user', { approval: 'second_person' });
    await open('/approvals');
    await page.getByText('Nothing waits').waitFor();
    await live();
    const secret = 'a secret of the new user';
    const ask = (username: string, reason: string) =>
      operator.commands.run(agentId, {
        command: 'create_panel_user',
        parameters: { username, password: secret },
        reason,
      });
    const { correlation_id: id } = await ask('anna', '<img src=x onerror=alert(1)>');
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    await page.getByText('username=anna').waitFor();
    await badge().waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await watched().faults()).toEqual([]);

    await page.getByRole('button', { name: /^Approve: / }).click();
    await dialog().getByLabel('Note').fill('Anna starts today');
    expect(await watched().faults()).toEqual([]);
    await dialog().getByRole('button', { name: 'Approve 1 request' }).click();
    await page.getByText(/^Approved: /).waitFor();
    await page.getByText('Nothing waits').waitFor();
    await badge().waitFor({ state: 'detached' });
    expect(await admin.approvals.get(id)).toMatchObject({
      status: 'approved',
      decision_note: 'Anna starts today',
    });
    expect(await admin.commands.get(agentId, id)).toMatchObject({ verb: 'create_panel_user' });

    // Of two who answer one is too late, and is told so although the request has left the list.
    const { correlation_id: late } = await ask('berta', 'Berta, too');
    await page.getByRole('button', { name: /^Reject: / }).click();
    await operator.approvals.withdraw(late);
    await page.getByText('Nothing waits').waitFor();
    await dialog().getByRole('button', { name: 'Reject 1 request' }).click();
    await dialog().getByText('It does not wait any more: withdrawn').waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('All requests').click();
    await page.getByText('Withdrawn').waitFor();
    expect(await watched().faults()).toEqual([]);
  });

  it('policies: one that asks for a second person is not deleted by one alone', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    const { policy } = await admin.verbPolicies.set('stop_container', {
      approval: 'second_person',
      roles: ['admin'],
    });
    await open('/approvals?tab=policies');
    await page.getByRole('button', { name: 'Delete the policy of Stop container' }).click();
    await dialog().getByText('its deletion waits for one, too').waitFor();
    expect(await watched().faults()).toEqual([]);
    await dialog().getByRole('button', { name: 'Ask to delete 1 policy' }).click();
    await page.getByText('The policy of Stop container is as it was').waitFor();
    expect(await watched().faults()).toEqual([]);
    await page.getByRole('link', { name: 'Open the request' }).click();
    await page.getByRole('heading', { name: 'Delete the policy of Stop container' }).waitFor();
    await page.getByText('administrators and operators').waitFor();
    await page.getByRole('button', { name: /^Withdraw: / }).click();
    await dialog().getByRole('button', { name: 'Withdraw 1 request' }).click();
    await page.getByRole('heading', { name: 'Withdrawn' }).waitFor();
    const { items } = await admin.verbPolicies.list();
    expect(items.find(({ verb }) => verb === 'stop_container')).toMatchObject({ version: policy?.version });
  });

  it('approvals: a change of where names every gateway that comes, goes and stays', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    const verb = 'reload_service';
    const where = { ids: ['gw-a', 'gw-b', 'gw-c', 'gw-d', 'gw-e', 'gw-f'] };
    await admin.verbPolicies.set(verb, { approval: 'second_person', where });
    const { approval_id: id } = await admin.verbPolicies.set(verb, {
      approval: 'second_person',
      where: { ids: [...where.ids.slice(0, 5), 'vpn-prod'], labels: { site: '\u202ex and tier=y' } },
    });
    await open(`/approvals/${id}`);
    const items = page.getByRole('listitem');
    await items.filter({ hasText: /^Added: / }).waitFor();
    expect(await items.filter({ hasText: /^(Added|Removed|As before): / }).allInnerTexts()).toEqual([
      'Added: vpn-prod, gateways where "site" is "\\u{202e}x and tier=y" ("\\u{202e}x and tier=y")',
      'Removed: gw-f',
      'As before: gw-a, gw-b, gw-c, gw-d, gw-e',
    ]);
    expect(await watched().faults()).toEqual([]);
    await admin.approvals.withdraw(id ?? '');
  });
}

import type { Certificate } from '@viw/contracts';
import type { PanelUnderTest } from './panel-under-test';
import { storedByPage } from './panel-under-test';
import { plantedCertificate } from './planted-certificate';

/** Certificates, where they come from, and who is told of them. */
export function issuancePages({ stage, watched, open }: PanelUnderTest): void {
  it('certificates: records set by hand are confirmed, and what cannot be taken back says so first', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    const { id, operation } = await plantedCertificate(admin, stage().around.owner, 'shop.example.org');
    await open(`/operations/${operation}`);
    await page.getByText('_acme-challenge.shop.example.org').waitFor();
    expect(await watched().faults()).toEqual([]);
    await page.getByRole('button', { name: 'I have set 1 record' }).click();
    await page.getByText('You say it is set').waitFor();

    await open(`/certificates/${id}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Roll back' }).click();
    await dialog.getByRole('button', { name: 'Roll back on 0 virtual hosts' }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Revoke' }).click();
    await dialog.getByText('A version with a new key is issued').waitFor();
    expect(await watched().faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Retire' }).click();
    await dialog.getByText('of 2 versions are destroyed').waitFor();
    await dialog.getByLabel('to go on').fill('shop.example.org');
    await dialog.getByRole('button', { name: 'Retire 1 certificate' }).click();
    await page.getByText('Retired', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: /Renew now|Retire/ }).count()).toBe(0);
  });

  it('issuance and notifications: secrets go in only, or are shown once', async () => {
    const { page } = watched();
    const dialog = page.getByRole('dialog');
    await page.getByRole('link', { name: 'Issuance' }).click();
    await page.getByRole('button', { name: 'Add DNS provider' }).first().click();
    await dialog.getByLabel('Name').fill('zone keeper');
    await dialog.getByLabel('Zones').fill('example.org');
    await dialog.getByLabel('Primary server').fill('192.0.2.53:53');
    await dialog
      .getByRole('textbox', { name: 'TSIG key' })
      .fill('hmac-sha256:viw:dGhlIHNlY3JldCBvZiBhIHpvbmU=');
    expect(await watched().faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'Add DNS provider' }).click();
    await page.getByRole('button', { name: 'Delete zone keeper' }).waitFor();
    expect(await page.evaluate<string>(storedByPage)).not.toContain('dGhlIHNlY3JldCBvZiBhIHpvbmU');

    await page.getByRole('link', { name: 'Notifications' }).click();
    await page.getByRole('button', { name: 'Add channel' }).first().click();
    await dialog.getByLabel('Name').fill('on-call');
    await dialog.getByLabel('Address of the webhook').fill('https://hooks.example.org/viw');
    await dialog.getByRole('button', { name: 'Add channel' }).click();
    await dialog.getByText(/^whsec_/).waitFor();
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('whsec_');
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByRole('cell', { name: 'test' }).waitFor();
    expect(await watched().faults()).toEqual([]);
  });

  it('certificates: issued by whom, and proved by whom, is chosen where it is asked for', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    const { issuer } = await admin.acmeAccounts.create({
      issuer: 'company-ca',
      directory_url: 'https://ca.example.org/directory',
      contact: ['mailto:ops@example.org'],
      terms_agreed: true,
    });
    const provider = await admin.dnsProviders.create({
      name: 'by hand',
      kind: 'manual',
      zones: ['shop.test'],
    });
    const dialog = page.getByRole('dialog');
    const choose = async (label: string, option: string | RegExp): Promise<void> => {
      await dialog.getByRole('combobox', { name: label }).click();
      await page.getByRole('option', { name: option }).click();
    };
    const issue = async (names: string): Promise<Certificate> => {
      await dialog.getByRole('combobox', { name: 'Names' }).fill(names);
      await dialog.getByRole('combobox', { name: 'Names' }).press('Enter');
      await dialog.getByRole('button', { name: 'Issue', exact: true }).click();
      await page.waitForURL('**/operations/*');
      const { certificate_id: id } = await admin.operations.get(page.url().split('/').pop() ?? '');
      return admin.certificates.get(id);
    };

    await open('/certificates');
    await page.getByRole('button', { name: 'Issue and deploy' }).first().click();
    await choose('Issuer', 'company-ca');
    await choose('Proof of control', /^DNS-01/);
    await dialog.getByRole('combobox', { name: 'Names' }).fill('*.other.test');
    await dialog.getByRole('combobox', { name: 'Names' }).press('Enter');
    await dialog.getByText('In no zone of a DNS provider: *.other.test').waitFor();
    await dialog.getByRole('combobox', { name: 'Names' }).press('Backspace');
    await choose('DNS provider', /^by hand/);
    expect(await watched().faults()).toEqual([]);
    expect(await issue('*.shop.test')).toMatchObject({
      issuer,
      challenge: 'dns-01',
      dns_provider_id: provider.id,
    });

    await open('/certificates');
    await page.getByRole('button', { name: 'Issue and deploy' }).first().click();
    await choose('Issuer', /private CA/);
    expect(await dialog.getByRole('combobox', { name: 'Proof of control' }).count()).toBe(0);
    expect(await issue('*.inside.test')).toMatchObject({ issuer: 'private-ca', dns_provider_id: null });
  });

  it('issuance: accounts and providers are changed; a secret only together with where it is told', async () => {
    const { page } = watched();
    const admin = await stage().backend.signIn();
    const account = await admin.acmeAccounts.create({ issuer: 'letsencrypt', terms_agreed: true });
    const provider = await admin.dnsProviders.create({
      name: 'hook',
      kind: 'webhook',
      zones: ['hook.test'],
      settings: { url: 'https://hook.test/viw' },
      secret: { signing_key: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz' },
    });
    const dialog = page.getByRole('dialog');
    await open('/issuance');
    await page.getByRole('button', { name: 'Change letsencrypt', exact: true }).click();
    await dialog.getByLabel('E-mail addresses').fill('ops@example.org');
    await dialog.getByLabel('Profile').fill('short lived');
    await dialog.getByRole('button', { name: 'Change ACME account' }).click();
    await dialog.getByText('a profile name').waitFor();
    expect(await watched().faults()).toEqual([]);
    await dialog.getByLabel('Profile').fill('shortlived');
    await dialog.getByRole('button', { name: 'Change ACME account' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await admin.acmeAccounts.get(account.id)).toMatchObject({
      contact: ['mailto:ops@example.org'],
      profile: 'shortlived',
      label: account.label,
    });

    await page.getByRole('button', { name: 'Change hook', exact: true }).click();
    await dialog.getByLabel('Name').fill('hook of ours');
    await dialog.getByLabel('Replace its settings and its secret').check();
    await dialog.getByLabel('Address').fill('https://new.hook.test/viw');
    const key = 'bmV3IGtleSBvZiB0aGUgaG9vaywgbmV3';
    await dialog.getByRole('textbox', { name: 'Signing key' }).fill(key);
    expect(await watched().faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'Change DNS provider' }).click();
    await page.getByRole('button', { name: 'Change hook of ours' }).waitFor();
    await dialog.waitFor({ state: 'detached' });
    expect(await admin.dnsProviders.get(provider.id)).toMatchObject({
      name: 'hook of ours',
      zones: ['hook.test'],
      settings: { url: 'https://new.hook.test/viw' },
    });
    expect((await page.content()) + (await page.evaluate<string>(storedByPage))).not.toContain(key);
  });
}

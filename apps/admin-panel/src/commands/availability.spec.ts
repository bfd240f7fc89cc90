import { deliveryNote, whyUnavailable } from './availability';

const gateway = {
  state: 'connected' as const,
  supported_verbs: ['create_panel_user'],
  has_sealing_key: true,
};
const verb = { verb: 'create_panel_user', secret_arguments: ['password'] };

describe('availability of a verb', () => {
  it('is given when offered and sealable', () => expect(whyUnavailable(verb, gateway)).toBeUndefined());

  it('says what is missing', () => {
    expect(whyUnavailable(verb, { ...gateway, supported_verbs: [] })).toMatch(/does not offer/);
    expect(whyUnavailable(verb, { ...gateway, has_sealing_key: false })).toMatch(/sealing key/);
    expect(whyUnavailable(verb, { ...gateway, state: 'discovered' })).toMatch(/Adopt/);
  });

  it('does not stand in the way of an offline gateway, but says that the command waits', () => {
    expect(whyUnavailable(verb, { ...gateway, state: 'offline' })).toBeUndefined();
    expect(deliveryNote({ state: 'offline' })).toMatch(/waits/);
    expect(deliveryNote({ state: 'connected' })).toBeUndefined();
  });
});

import { webhookSignatureHeaders } from './webhook-signature';

const key = Buffer.from('plJ3nmyCDGBKInavdOK15jsl', 'base64');

it('signs as the example of Standard Webhooks', () => {
  const body = '{"event_type":"ping","data":{"success":true}}';
  expect(webhookSignatureHeaders({ id: 'msg_loFOjxBNrRLzqYUf', timestamp: 1731705121, body }, [key])).toEqual(
    {
      'webhook-id': 'msg_loFOjxBNrRLzqYUf',
      'webhook-timestamp': '1731705121',
      'webhook-signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    },
  );
});

it('names one signature per key', () => {
  const signed = webhookSignatureHeaders({ id: 'a', timestamp: 1, body: '{}' }, [key, Buffer.alloc(32, 1)]);
  expect(signed['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
});

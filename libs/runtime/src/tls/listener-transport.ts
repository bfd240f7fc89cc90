import { constants } from 'node:crypto';

/** Forward secrecy and AEAD only; TLS 1.3 has nothing else anyway. */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

/** What every TLS listener of viw speaks: 1.2 and 1.3. For `tls.createSecureContext` and servers alike. */
export const listenerTransport = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS,
  honorCipherOrder: true,
  // A resumed session would be judged by the authorities of its first handshake.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

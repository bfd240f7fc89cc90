/** What a person can do about a failure, in words; undefined: nothing, viw goes on by itself. */
const WHAT_YOU_CAN_DO: Record<string, string> = {
  connection:
    'Make sure that http://<name>/.well-known/acme-challenge/ reaches cert-worker from the internet: DNS records (A and AAAA), firewall, port 80.',
  unauthorized:
    'Something else answers for this name. Point its DNS records, IPv6 included, and its web server at cert-worker.',
  incorrectResponse:
    'Something else answers for this name: point its DNS records and its web server at cert-worker.',
  dns: 'Repair the DNS of this name: the CA gets no address, or an error (look at DNSSEC, too).',
  tls: 'The name redirects to HTTPS with a certificate that cannot be used, or its TLS is broken: exempt /.well-known/acme-challenge/ from the redirect.',
  compound: 'Repair what is said of each name.',
  caa: 'A CAA record of the domain forbids this CA to issue: add the CA to it, or choose another issuer. Then renew.',
  rejectedIdentifier:
    'The CA does not issue for this name by its policy: remove the name, or choose another issuer.',
  unsupportedIdentifier: 'The CA cannot issue for this kind of name: remove it, or choose another issuer.',
  badCSR:
    'The CA does not accept what the certificate is to contain: another key type or fewer names may do. Then renew.',
  badPublicKey: 'The CA does not accept this key: choose another key type. Then renew.',
  badSignatureAlgorithm: 'The CA does not accept this kind of account key.',
  externalAccountRequired:
    'The CA asks for an external account binding: configure the one that it gave you, or change the account (PATCH /api/v1/acme-accounts/:id).',
  userActionRequired: 'The CA has new terms: read them and agree to them.',
  invalidContact:
    'The CA does not accept the contact address: correct CERT_WORKER_ACME_CONTACT, or the account (PATCH /api/v1/acme-accounts/:id).',
  unsupportedContact:
    'The CA does not accept this kind of contact: correct CERT_WORKER_ACME_CONTACT, or the account (PATCH /api/v1/acme-accounts/:id).',
};

/** @param problemType of RFC 8555 section 6.7, without its prefix */
export const whatYouCanDo = (problemType: string | undefined): string | undefined =>
  problemType === undefined || !Object.hasOwn(WHAT_YOU_CAN_DO, problemType)
    ? undefined
    : WHAT_YOU_CAN_DO[problemType];

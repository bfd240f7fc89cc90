import { webcrypto } from 'node:crypto';
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from '@peculiar/x509';
import { certificateId } from './certificate-id';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function certificate(serialNumber: string, keyId?: string): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber,
      name: 'CN=www.example.org',
      keys,
      signingAlgorithm: algorithm,
      extensions: keyId === undefined ? [] : [new AuthorityKeyIdentifierExtension(keyId)],
    },
    webcrypto,
  );
  return made.toString('pem');
}

describe('certificateId', () => {
  it('is that of the example in RFC 9773 section 4.1, with the leading 00 of the serial number', async () => {
    const pem = await certificate('0087654321', '69885b6b87464041e1b37b847ba0ae2cde01c8d4');
    expect(certificateId(pem)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });

  it.each([
    ['7f', 'fw'],
    ['80', 'AIA'],
    ['0f01', 'DwE'],
  ])('writes the serial number %s as DER does', async (serial, text) => {
    expect(certificateId(await certificate(serial, '01'))).toBe(`AQ.${text}`);
  });

  it('refuses a certificate that does not name the key of its authority', async () => {
    const pem = await certificate('01');
    expect(() => certificateId(pem)).toThrow(RangeError);
  });
});

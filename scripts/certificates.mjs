// Makes the certificates that the TLS tests use, in test/certs: `node scripts/certificates.mjs`.
//
// They are kept in the repository, valid from 2020 to 2120, so that nobody has to run this; it needs the openssl command.
// A file name.pem holds the private key, the certificate, and the certificates between it and the root, in this order.
// The authorities' keys are thrown away. The password of what is encrypted is "secret".
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), 'test', 'certs');
const work = mkdtempSync(join(tmpdir(), 'certificates-'));
const at = (name) => join(work, name);
const read = (name) => readFileSync(at(name), 'utf8');

function openssl(...args) {
  const { status, stderr, error } = spawnSync('openssl', args, { cwd: work, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}\n${stderr}`);
}

const FROM = '20200101000000Z';
const UNTIL = '21200101000000Z';

const KEYS = {
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  ed25519: ['-algorithm', 'ED25519'],
};

const LEAF = { basicConstraints: 'critical,CA:FALSE', keyUsage: 'critical,digitalSignature,keyEncipherment' };
const IDENTIFIERS = { subjectKeyIdentifier: 'hash', authorityKeyIdentifier: 'keyid' };
const SERVER = { ...LEAF, ...IDENTIFIERS, extendedKeyUsage: 'serverAuth' };
const CLIENT = { ...LEAF, ...IDENTIFIERS, extendedKeyUsage: 'clientAuth' };
const AUTHORITY = { ...IDENTIFIERS, basicConstraints: 'critical,CA:TRUE', keyUsage: 'critical,keyCertSign,cRLSign' };
const dns = (...names) => ({ subjectAltName: names.map((name) => `DNS:${name}`).join(',') });
const LOCALHOST = { subjectAltName: 'DNS:localhost,IP:127.0.0.1,IP:::1' };

/** The folder and the configuration of `openssl ca` for one issuer. */
function issuerConfig(issuer, extensions) {
  const folder = `${issuer}.ca`;
  mkdirSync(at(folder), { recursive: true });
  for (const [name, text] of [
    ['index.txt', ''],
    ['index.txt.attr', 'unique_subject = no\n'],
    ['crlnumber', '01\n'],
  ]) {
    writeFileSync(at(`${folder}/${name}`), text, { flag: 'a' });
  }
  const text = [
    '[ca]',
    'default_ca = issuer',
    '[issuer]',
    `dir = ${at(folder)}`,
    'database = $dir/index.txt',
    'new_certs_dir = $dir',
    'rand_serial = yes',
    'crlnumber = $dir/crlnumber',
    'default_md = sha256',
    'policy = any',
    'copy_extensions = none',
    '[any]',
    'commonName = optional',
    'organizationName = optional',
    'countryName = optional',
    '[extensions]',
    ...Object.entries(extensions).map(([name, value]) => `${name} = ${value}`),
    '[directory]',
    'C = XY',
    'O = Berkeley tests',
    'CN = directory name',
    '[req]',
    'distinguished_name = dn',
    '[dn]',
    '',
  ].join('\n');
  writeFileSync(at(`${folder}/ca.cnf`), text);
  return at(`${folder}/ca.cnf`);
}

/** A key and a certificate: name.key and name.crt in the work folder. */
function certify(
  name,
  { subject = '/O=Berkeley tests/CN=localhost', issuer = name, key = 'p256', extensions = {}, ...rest },
) {
  const { from = FROM, until = UNTIL, digest = 'sha256' } = rest;
  openssl('genpkey', ...KEYS[key], '-out', `${name}.key`);
  const config = issuerConfig(issuer, extensions);
  openssl('req', '-new', '-config', config, '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
  const self = issuer === name ? ['-selfsign'] : ['-cert', `${issuer}.crt`];
  const dates = ['-startdate', from, '-enddate', until];
  const hash = key === 'ed25519' || issuer.startsWith('ed') ? 'default' : digest;
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-config',
    config,
    ...self,
    '-keyfile',
    `${issuer}.key`,
    '-md',
    hash,
    ...dates,
    '-extensions',
    'extensions',
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.crt`,
    '-preserveDN',
  );
}

/** name.pem: the key, the certificate, and those of `above`. */
function publish(name, above = []) {
  writeFileSync(
    join(target, `${name}.pem`),
    [`${name}.key`, `${name}.crt`, ...above.map((each) => `${each}.crt`)].map(read).join(''),
  );
}

function authorities() {
  const pathless = { ...AUTHORITY, basicConstraints: 'critical,CA:TRUE,pathlen:0' };
  certify('root', { subject: '/O=Berkeley tests/CN=root', extensions: AUTHORITY });
  certify('intermediate', { subject: '/O=Berkeley tests/CN=intermediate', issuer: 'root', extensions: AUTHORITY });
  certify('pathless', {
    subject: '/O=Berkeley tests/CN=may not certify authorities',
    issuer: 'root',
    extensions: pathless,
  });
  certify('below-pathless', { subject: '/O=Berkeley tests/CN=too deep', issuer: 'pathless', extensions: AUTHORITY });
  certify('no-authority', {
    subject: '/O=Berkeley tests/CN=no authority',
    issuer: 'root',
    extensions: { ...LEAF, ...IDENTIFIERS },
  });
  certify('old-intermediate', {
    subject: '/O=Berkeley tests/CN=old intermediate',
    issuer: 'root',
    extensions: AUTHORITY,
    until: '20210101000000Z',
  });
  certify('constrained', {
    subject: '/O=Berkeley tests/CN=constrained',
    issuer: 'root',
    extensions: { ...AUTHORITY, nameConstraints: 'critical,permitted;DNS:example.test' },
  });
  certify('stranger', { subject: '/O=Strangers/CN=stranger', extensions: AUTHORITY });
  for (const name of ['root', 'intermediate', 'stranger'])
    copyFileSync(at(`${name}.crt`), join(target, `${name}.crt.pem`));
}

/** What servers show: each is one row of the test matrix. */
const SERVERS = {
  server: { extensions: { ...SERVER, ...LOCALHOST } },
  'server-rsa': { key: 'rsa', extensions: { ...SERVER, ...LOCALHOST } },
  'server-ed25519': { key: 'ed25519', extensions: { ...SERVER, ...LOCALHOST } },
  'other-name': { subject: '/CN=other.example.test', extensions: { ...SERVER, ...dns('other.example.test') } },
  wildcard: { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('*.example.test') } },
  'wildcard-partial': { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('w*.example.test') } },
  'wildcard-inner': { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('www.*.test') } },
  'wildcard-top': { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('*.test') } },
  'wildcard-alone': { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('*') } },
  'wildcard-idna': { subject: '/CN=wildcard', extensions: { ...SERVER, ...dns('xn--*.example.test') } },
  idna: { subject: '/CN=idna', extensions: { ...SERVER, ...dns('xn--knig-5qa.idn.example.test') } },
  address: { subject: '/CN=address', extensions: { ...SERVER, subjectAltName: 'IP:127.0.0.1' } },
  address6: { subject: '/CN=address', extensions: { ...SERVER, subjectAltName: 'IP:::1' } },
  'address-as-name': { subject: '/CN=127.0.0.1', extensions: { ...SERVER, ...dns('127.0.0.1') } },
  'common-name': { subject: '/CN=localhost', extensions: SERVER },
  expired: { until: '20210101000000Z', extensions: { ...SERVER, ...LOCALHOST } },
  'not-yet': { from: '21190101000000Z', extensions: { ...SERVER, ...LOCALHOST } },
  'for-clients': { extensions: { ...CLIENT, ...LOCALHOST } },
  'no-signing': { extensions: { ...SERVER, ...LOCALHOST, keyUsage: 'critical,keyAgreement' } },
  'weak-key': { key: 'rsa1024', extensions: { ...SERVER, ...LOCALHOST } },
  'weak-digest': { digest: 'sha1', extensions: { ...SERVER, ...LOCALHOST } },
  critical: { extensions: { ...SERVER, ...LOCALHOST, '1.2.3.4': 'critical,ASN1:UTF8String:unknown' } },
  revoked: { extensions: { ...SERVER, ...LOCALHOST } },
};

function servers() {
  for (const [name, options] of Object.entries(SERVERS)) {
    certify(name, { issuer: 'intermediate', ...options });
    publish(name, ['intermediate']);
  }
  certify('no-intermediate', { issuer: 'intermediate', extensions: { ...SERVER, ...LOCALHOST } });
  publish('no-intermediate');
  for (const [name, issuer, above] of [
    ['too-deep', 'below-pathless', ['below-pathless', 'pathless']],
    ['by-leaf', 'no-authority', ['no-authority']],
    ['old-issuer', 'old-intermediate', ['old-intermediate']],
    ['outside', 'constrained', ['constrained']],
    ['untrusted', 'stranger', []],
  ]) {
    certify(name, { issuer, extensions: { ...SERVER, ...LOCALHOST } });
    publish(name, above);
  }
  certify('self-signed', { extensions: { ...SERVER, ...LOCALHOST } });
  publish('self-signed');
  openssl('pkey', '-in', 'server.key', '-aes256', '-passout', 'pass:secret', '-out', 'server-encrypted.key');
  writeFileSync(
    join(target, 'server-encrypted.pem'),
    ['server-encrypted.key', 'server.crt', 'intermediate.crt'].map(read).join(''),
  );
}

function clients() {
  certify('client', { subject: '/O=Berkeley tests/CN=client', issuer: 'intermediate', extensions: CLIENT });
  publish('client', ['intermediate']);
  certify('client-rsa', {
    subject: '/O=Berkeley tests/CN=client',
    key: 'rsa',
    issuer: 'intermediate',
    extensions: CLIENT,
  });
  publish('client-rsa', ['intermediate']);
}

/** A certificate with every kind of name and link that getpeercert tells of. */
function everything() {
  const subjectAltName = [
    'DNS:allsans',
    'otherName:1.2.3.4;UTF8:some other identifier',
    'email:user@example.test',
    'dirName:directory',
    'URI:https://example.test/',
    'IP:127.0.0.1',
    'IP:2001:db8::1',
    'RID:1.2.3.4.5',
  ].join(',');
  certify('everything', {
    subject: '/C=XY/O=Berkeley tests/CN=everything+OU=unit',
    issuer: 'root',
    extensions: {
      ...SERVER,
      subjectAltName,
      authorityInfoAccess: 'OCSP;URI:http://example.test/ocsp,caIssuers;URI:http://example.test/root.cer',
      crlDistributionPoints: 'URI:http://example.test/root.crl',
    },
  });
  publish('everything');
}

/** crl.pem: the revocation lists of both authorities. ocsp.der: a response that says "server" is good. */
function revocations() {
  const dates = ['-crl_lastupdate', FROM, '-crl_nextupdate', UNTIL];
  for (const issuer of ['root', 'intermediate']) {
    const base = ['ca', '-config', issuerConfig(issuer, {}), '-keyfile', `${issuer}.key`, '-cert', `${issuer}.crt`];
    if (issuer === 'intermediate') openssl(...base, '-revoke', 'revoked.crt');
    openssl(...base, '-gencrl', ...dates, '-out', `${issuer}.crl`);
  }
  writeFileSync(join(target, 'crl.pem'), read('root.crl') + read('intermediate.crl'));
  openssl(
    'ocsp',
    '-sha256',
    '-issuer',
    'intermediate.crt',
    '-cert',
    'server.crt',
    '-reqout',
    'request.der',
    '-no_nonce',
  );
  openssl(
    'ocsp',
    '-index',
    'intermediate.ca/index.txt',
    '-CA',
    'intermediate.crt',
    '-rsigner',
    'intermediate.crt',
    '-rkey',
    'intermediate.key',
    '-reqin',
    'request.der',
    '-respout',
    'ocsp.der',
    '-ndays',
    '36500',
  );
  copyFileSync(at('ocsp.der'), join(target, 'ocsp.der'));
}

try {
  mkdirSync(target, { recursive: true });
  authorities();
  servers();
  clients();
  everything();
  revocations();
  openssl('genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048', '-out', join(target, 'dh.pem'));
} finally {
  rmSync(work, { recursive: true, force: true });
}

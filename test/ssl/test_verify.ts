/** Which certificates are good, and what is said of the others: case by case as CPython says it. */
import test from 'ava';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { hasCommand, pythonSync, testUnless } from '../helpers/peers.js';
import { cert, wants } from '../helpers/tls.js';

checkLeaks(test);

interface Case {
  /** The server's certificate, and whom the client means to reach. */
  readonly certificate: string;
  readonly host: string;
  readonly flags?: number;
  /** What the client trusts: root.crt.pem if nothing else is said; "crl.pem" is that and the revocation lists. */
  readonly trust?: string;
  readonly commonName?: boolean;
  readonly version?: number;
}

const { VERIFY_X509_PARTIAL_CHAIN, VERIFY_X509_STRICT, VERIFY_CRL_CHECK_LEAF, VERIFY_CRL_CHECK_CHAIN } = ssl;
const STRICT = VERIFY_X509_PARTIAL_CHAIN | VERIFY_X509_STRICT;

const FOR_LOCALHOST = [
  'server',
  'server-rsa',
  'server-ed25519',
  'common-name',
  'expired',
  'not-yet',
  'for-clients',
  'no-signing',
  'weak-key',
  'weak-digest',
  'critical',
  'revoked',
  'no-intermediate',
  'too-deep',
  'by-leaf',
  'old-issuer',
  'outside',
  'untrusted',
  'self-signed',
  'other-name',
  'address',
  'everything',
  'client',
];
const NAMES: readonly [string, readonly string[]][] = [
  ['server', ['localhost', 'LOCALHOST', 'localhost.', '127.0.0.1', '::1', '127.0.0.2', '127.1', 'foo.localhost', 'x']],
  ['other-name', ['other.example.test', 'OTHER.EXAMPLE.TEST', 'example.test', 'an.other.example.test']],
  ['wildcard', ['www.example.test', 'example.test', 'a.b.example.test', 'xn--knig-5qa.example.test', '*.example.test']],
  ['wildcard-partial', ['www.example.test', 'w.example.test', 'xww.example.test']],
  ['wildcard-inner', ['www.example.test', 'www.x.test']],
  ['wildcard-top', ['example.test', 'a.example.test']],
  ['wildcard-alone', ['localhost', 'example.test']],
  ['wildcard-idna', ['xn--knig-5qa.example.test', 'könig.example.test', 'www.example.test']],
  [
    'idna',
    ['xn--knig-5qa.idn.example.test', 'könig.idn.example.test', 'KÖNIG.idn.example.test', 'konig.idn.example.test'],
  ],
  ['address', ['127.0.0.1', '::1', 'localhost', '::ffff:127.0.0.1']],
  ['address6', ['::1', '0:0:0:0:0:0:0:1', '127.0.0.1']],
  ['address-as-name', ['127.0.0.1', 'localhost']],
  ['common-name', ['localhost', '127.0.0.1']],
  ['everything', ['allsans', '127.0.0.1', '2001:db8::1', 'everything', 'user@example.test']],
];

const CASES: Case[] = [
  ...FOR_LOCALHOST.flatMap((certificate) => [
    { certificate, host: 'localhost' },
    { certificate, host: 'localhost', flags: STRICT },
    { certificate, host: 'localhost', version: ssl.TLSVersion.TLSv1_2 },
  ]),
  ...NAMES.flatMap(([certificate, hosts]) => hosts.map((host) => ({ certificate, host }))),
  ...['common-name', 'address-as-name', 'server'].map((certificate) => ({
    certificate,
    host: certificate === 'address-as-name' ? '127.0.0.1' : 'localhost',
    commonName: false,
  })),
  // Trust that begins below the root.
  { certificate: 'server', host: 'localhost', trust: 'intermediate.crt.pem' },
  { certificate: 'server', host: 'localhost', trust: 'intermediate.crt.pem', flags: VERIFY_X509_PARTIAL_CHAIN },
  { certificate: 'self-signed', host: 'localhost', trust: 'self-signed.pem' },
  { certificate: 'server', host: 'localhost', trust: 'server.pem', flags: VERIFY_X509_PARTIAL_CHAIN },
  { certificate: 'server', host: 'localhost', trust: 'stranger.crt.pem' },
  // Revocation.
  ...[VERIFY_CRL_CHECK_LEAF, VERIFY_CRL_CHECK_CHAIN].flatMap((flags) =>
    ['server', 'revoked', 'untrusted'].flatMap((certificate) => [
      { certificate, host: 'localhost', flags },
      { certificate, host: 'localhost', flags, trust: 'crl.pem' },
    ]),
  ),
];

/** null, or class, text, number, code and message. */
type Verdict = readonly unknown[] | null;

const RUNNER = `
import json, re, ssl, sys

PLACE = re.compile(r" ?\\(_ssl\\.c:\\d+\\)")

def verdict(certs, case):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.load_cert_chain(certs + case["certificate"] + ".pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if "trust" in case:
        client.load_verify_locations(certs + case["trust"])
    if case.get("trust", "crl.pem") == "crl.pem":
        client.load_verify_locations(certs + "root.crt.pem")
    client.verify_flags |= case.get("flags", 0)
    client.hostname_checks_common_name = case.get("commonName", True)
    client.maximum_version = case.get("version", ssl.TLSVersion.TLSv1_3)
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(a, b, server_hostname=case["host"])
    far = server.wrap_bio(b, a, server_side=True)
    for _ in range(10):
        for each in (near, far):
            try:
                each.do_handshake()
                if each is near:
                    return None
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                code = getattr(error, "verify_code", None)
                message = getattr(error, "verify_message", None)
                return [type(error).__name__, PLACE.sub("", str(error)), error.errno, code, message]
    return ["no end"]

task = json.load(sys.stdin)
json.dump([verdict(task["certs"], case) for case in task["cases"]], sys.stdout)
`;

function clientFor({ trust, flags = 0, commonName = true, version }: Case): ssl.SSLContext {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  if (trust !== undefined) context.load_verify_locations(cert(trust));
  if (trust === undefined || trust === 'crl.pem') context.load_verify_locations(cert('root.crt.pem'));
  context.verify_flags |= flags;
  context.hostname_checks_common_name = commonName;
  context.maximum_version = version ?? ssl.TLSVersion.TLSv1_3;
  return context;
}

function judged(each: Case): Verdict {
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  server.set_ciphers('ALL:@SECLEVEL=0');
  server.load_cert_chain(cert(`${each.certificate}.pem`));
  const [a, b] = [new ssl.MemoryBIO(), new ssl.MemoryBIO()];
  const near = clientFor(each).wrap_bio(a, b, { server_hostname: each.host });
  const far = server.wrap_bio(b, a, { server_side: true });
  for (let turn = 0; turn < 10; turn++) {
    for (const side of [near, far]) {
      try {
        side.do_handshake();
        if (side === near) return null;
      } catch (error) {
        if (wants(error)) continue;
        const {
          name,
          message,
          errno,
          verify_code = null,
          verify_message = null,
        } = error as ssl.SSLError & {
          verify_code?: number;
          verify_message?: string;
        };
        return [name, message, errno, verify_code, verify_message];
      }
    }
  }
  return ['no end'];
}

const noPython = !hasCommand('python3') && 'python3 is not installed';

testUnless(noPython)(`${CASES.length} certificates and names: the verdicts are CPython's`, (t) => {
  const task = JSON.stringify({ certs: cert(''), cases: CASES });
  const { stdout, stderr, code } = pythonSync(RUNNER, [], { input: task });
  t.is(code, 0, stderr);
  const expected = JSON.parse(stdout) as Verdict[];
  const found = CASES.map(judged);
  t.deepEqual(
    CASES.map((each, i) => ({ ...each, verdict: found[i] })),
    CASES.map((each, i) => ({ ...each, verdict: expected[i] })),
  );
  const good = expected.filter((verdict) => verdict === null).length;
  t.true(good > 20 && good < CASES.length - 40, `${good} of ${CASES.length} are good`);
});

// What the matrix means, without CPython: the reasons as OpenSSL numbers them (x509_vfy.h).
const REASONS: readonly [Case, number][] = [
  [{ certificate: 'expired', host: 'localhost' }, 10],
  [{ certificate: 'not-yet', host: 'localhost' }, 9],
  [{ certificate: 'other-name', host: 'localhost' }, 62],
  [{ certificate: 'server', host: '127.0.0.2' }, 64],
  [{ certificate: 'untrusted', host: 'localhost' }, 20],
  [{ certificate: 'no-intermediate', host: 'localhost' }, 20],
  [{ certificate: 'for-clients', host: 'localhost' }, 26],
  [{ certificate: 'revoked', host: 'localhost', flags: VERIFY_CRL_CHECK_LEAF, trust: 'crl.pem' }, 23],
  [{ certificate: 'weak-key', host: 'localhost' }, 66],
  [{ certificate: 'self-signed', host: 'localhost' }, 18],
];
for (const [each, code] of REASONS) {
  test(`${each.certificate} for ${each.host} is refused for reason ${code}`, (t) => {
    t.is(judged(each)?.[3], code);
  });
}

/** What the binary's functions take: the names of kinds, which native.ts makes values of. */
import { native } from '../../lib/addon/binary.js';

/** The kinds of each function's arguments. A function that is neither here nor below fails the test with its name. */
const TABLE: Readonly<Record<string, string>> = {
  socket: 'family type protocol',
  socketpair: 'family type protocol',
  accept: 'fdOfSocket wait',
  bind: 'fdOfSocket address addressLength',
  connect: 'fdOfSocket address addressLength wait',
  listen: 'fdOfSocket few',
  shutdown: 'fdOfSocket few',
  getsockname: 'fdOfSocket',
  getpeername: 'fdOfSocket',
  close: 'fd',
  dup: 'fdOfSocket',
  getInheritable: 'fdOfSocket',
  setInheritable: 'fdOfSocket flag',
  atMark: 'fdOfSocket',
  setNonblocking: 'fdOfSocket flag',
  own: 'fd',
  owns: 'fd claim',
  hold: 'fd claim',
  closeOwned: 'fd claim',
  disown: 'fd claim',
  abortAtEnd: 'fd claim flag',
  getsockoptInt: 'fdOfSocket level option',
  setsockoptInt: 'fdOfSocket level option whole',
  getsockopt: 'fdOfSocket level option bytes',
  setsockopt: 'fdOfSocket level option bytesOrNull length',
  recv: 'fdOfSocket bytes length length flags wait',
  recvScratch: 'fdOfSocket length flags wait',
  send: 'fdOfSocket bytes length length flags wait',
  recvfrom: 'fdOfSocket bytes length length flags wait',
  recvfromScratch: 'fdOfSocket length flags wait',
  sendto: 'fdOfSocket bytes length length flags address addressLength wait',
  recvmsg: 'fdOfSocket parts control flags wait',
  sendmsg: 'fdOfSocket parts control flags address addressLength wait',
  recvmmsg: 'fdOfSocket bytes rooms controls headers few few flags flag wait',
  sendmmsg: 'fdOfSocket bytes addresses controls headers few few flags flag wait',
  sendfile: 'fdOfSocket fdOfFile length length wait',
  enableZerocopy: 'fdOfSocket',
  sendZerocopy: 'fdOfSocket bytes length length flags address addressLength wait',
  poll: 'entries length ms',
  pollOne: 'fd flags ms',
  epollCreate: '',
  epollAdd: 'fdOfPoller fdOfFew flags',
  epollModify: 'fdOfPoller fdOfFew flags',
  epollRemove: 'fdOfPoller fdOfFew',
  epollWait: 'fdOfPoller length ms',
  epollWaitInto: 'fdOfPoller entries length ms',
  waitLimit: 'fdOfSocket flag',
  monotonicMs: '',
  sleepEnded: '',
  sleepsWithoutEnd: 'fdOfSocket flag',
  signalPending: '',
  loopStart: 'deliver entries',
  loopRef: 'flag',
  loopAdd: 'fdOfFew flags',
  loopModify: 'fdOfFew flags',
  loopRemove: 'fdOfFew',
  loopBackend: '',
  resolveAddress: 'host service family type protocol flags answered',
  resolveName: 'address addressLength flags answered',
  getaddrinfo: 'host service family type protocol flags',
  getnameinfo: 'address addressLength flags',
  gethostbyname: 'hostName',
  gethostbyaddr: 'bytes family',
  gethostname: '',
  sethostname: 'bytes',
  getservbyname: 'text textOrNull',
  getservbyport: 'whole textOrNull',
  getprotobyname: 'text',
  ifNames: '',
  ifIndex: 'interface',
  ifName: 'whole',
  inetPton: 'family text',
  inetNtop: 'family bytes',
  inetAton: 'text',
  strerror: 'whole',
  gaiStrerror: 'whole',
  hstrerror: 'whole',
  'tls.randomBytes': 'bytes',
  'tls.randomAdd': 'bytes whole',
  'tls.randomReady': '',
  'tls.findObject': 'text flag',
  'tls.findObjectByNumber': 'whole',
  'tls.decodeCertificate': 'der',
  'tls.certificateFromPemFile': 'path',
  'tls.certificateText': 'der',
  'tls.createContext': 'newHandle setting',
  'tls.loadCertificateChainFiles': 'context path path password',
  'tls.loadCertificateChain': 'context pem pem password',
  'tls.loadVerifyLocations': 'context pathOrNull pathOrNull',
  'tls.loadVerifyData': 'context pem flag',
  'tls.setDefaultVerifyPaths': 'context',
  'tls.loadDhParameters': 'context path',
  'tls.getStoreStats': 'context',
  'tls.getAuthorities': 'context',
  'tls.getSessionStats': 'context',
  'tls.getCiphers': 'context',
  'tls.setText': 'context setting text',
  'tls.setEcdhCurve': 'context curve',
  'tls.setAlpn': 'context bytes',
  'tls.getNumber': 'context setting',
  'tls.setNumber': 'context setting whole',
  'tls.setKeyLogFile': 'context pathOrNull',
  'tls.setEvent': 'context setting flag',
  'tls.setPskIdentityHint': 'context textOrNull',
  'tls.requestOcsp': 'context flag',
  'tls.createMemoryBio': 'newHandle',
  'tls.memoryPending': 'bio',
  'tls.memoryRead': 'bio bytes',
  'tls.memoryWrite': 'bio bytes',
  'tls.memoryWriteEof': 'bio',
  'tls.createConnection': 'newHandle context flag fdOrNone bioOrNull bioOrNull textOrNull flag flag',
  'tls.releaseConnection': 'connection',
  'tls.handshake': 'connection wait',
  'tls.read': 'connection bytes length wait',
  'tls.write': 'connection bytes length wait',
  'tls.shutdown': 'connection flag wait',
  'tls.sendFile': 'connection fdOfFile length length wait',
  'tls.pending': 'connection',
  'tls.setContext': 'connection context',
  'tls.verifyClientPostHandshake': 'connection',
  'tls.updateKeys': 'connection flag',
  'tls.peerChain': 'connection flag',
  'tls.exportKeyingMaterial': 'connection bytes bytes bytesOrNull',
  'tls.getSession': 'connection newHandle',
  'tls.setSession': 'connection tlsSession',
  'tls.describeSession': 'tlsSession',
  'tls.sessionToBytes': 'tlsSession',
  'tls.sessionFromBytes': 'newHandle der',
};
/** Those that ask something of a connection, and take nothing else. */
const QUESTIONS = [
  'handshakeDone',
  'sessionReused',
  'verifiesPeer',
  'kernelTlsSends',
  'kernelTlsReceives',
  'version',
  'compression',
  'selectedAlpn',
  'cipher',
  'sharedCiphers',
  'peerCertificate',
  'ocspResponse',
  'tlsUnique',
  'tlsServerEndPoint',
];

const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(TABLE).map(([name, kinds]): [string, string[]] => [name, kinds === '' ? [] : kinds.split(' ')]),
  ...QUESTIONS.map((name): [string, string[]] => [`tls.${name}`, ['connection']]),
]);

export interface NativeFunction {
  /** As it is reached: 'recv', 'tls.read'. */
  readonly name: string;
  readonly owner: object;
  readonly call: (...args: unknown[]) => unknown;
  /** What it takes. */
  readonly kinds: readonly string[];
}

type Named = [name: string, owner: object, call: NativeFunction['call']];

function functionsOf(owner: object, path = ''): Named[] {
  return Object.entries(owner).flatMap(([name, value]): Named[] => {
    if (typeof value === 'function') return [[path + name, owner, value]];
    const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? functionsOf(value, `${path}${name}.`) : [];
  });
}

/** All functions of the binary that was loaded. */
const loaded = functionsOf(native);

/** Those that have a row. */
export const functions: readonly NativeFunction[] = loaded.flatMap(([name, owner, call]): NativeFunction[] => {
  const kinds = KINDS.get(name);
  return kinds === undefined ? [] : [{ name, owner, call, kinds }];
});

/** Where the table and the binary differ: what is to be added to it, and what is to be taken out of it. */
export function differences(): { missing: string[]; gone: string[] } {
  const names = loaded.map(([name]) => name);
  return {
    missing: names.filter((name) => !KINDS.has(name)),
    gone: [...KINDS.keys()].filter((name) => !names.includes(name)),
  };
}

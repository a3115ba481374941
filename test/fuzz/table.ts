/** What the binary's functions take: the names of kinds, which native.ts makes values of. */
import { native } from '../../lib/addon/binary.js';

/** The kinds of each function's arguments; of a class's method, first the kind of what it is called on. A function that is neither here nor below fails the test with its name. */
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
  describe: 'fdOfSocket',
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
  afdCreate: '',
  afdClose: 'afd',
  afdAdd: 'afd fdOfFew flags',
  afdModify: 'afd fdOfFew flags',
  afdRemove: 'afd fdOfFew',
  afdWait: 'afd entries length ms',
  share: 'fdOfSocket few bytes',
  fromshare: 'bytes',
  control: 'fdOfSocket level bytes',
  enumCertificates: 'text',
  enumCrls: 'text',
  kqueueCreate: '',
  kqueueControl: 'fdOfPoller kevents few kevents few ms',
  waitLimit: 'fdOfSocket flag',
  monotonicMs: '',
  sleepEnded: '',
  sleepsWithoutEnd: 'fdOfSocket flag',
  signalPending: '',
  proactorCreate: 'shared entriesOfShared buffersOfShared sizeOfShared',
  proactorClose: 'proactor',
  proactorAdd: 'proactor fdOfSocket claim',
  proactorRemove: 'proactor token flag',
  proactorSubmit: 'proactor',
  proactorTurn: 'proactor ms',
  proactorWatched: 'proactor',
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
  'tls.Context': '',
  'tls.Connection': '',
  'tls.Session': '',
  'tls.MemoryBio': '',
  'tls.Context.create': 'setting',
  'tls.Context.loadCertificateChainFiles': 'context path path password',
  'tls.Context.loadCertificateChain': 'context pem pem password',
  'tls.Context.loadVerifyLocations': 'context pathOrNull pathOrNull',
  'tls.Context.loadVerifyData': 'context pem flag',
  'tls.Context.setDefaultVerifyPaths': 'context',
  'tls.Context.loadDhParameters': 'context path',
  'tls.Context.getStoreStats': 'context',
  'tls.Context.getAuthorities': 'context',
  'tls.Context.getSessionStats': 'context',
  'tls.Context.getCiphers': 'context',
  'tls.Context.setText': 'context setting text',
  'tls.Context.setEcdhCurve': 'context curve',
  'tls.Context.setAlpn': 'context bytes',
  'tls.Context.getNumber': 'context setting',
  'tls.Context.setNumber': 'context setting whole',
  'tls.Context.setKeyLogFile': 'context pathOrNull',
  'tls.Context.setEvent': 'context setting flag',
  'tls.Context.setPskIdentityHint': 'context textOrNull',
  'tls.Context.requestOcsp': 'context flag',
  'tls.MemoryBio.create': '',
  'tls.MemoryBio.pending': 'bio',
  'tls.MemoryBio.read': 'bio bytes',
  'tls.MemoryBio.write': 'bio bytes',
  'tls.MemoryBio.writeEof': 'bio',
  'tls.Connection.create': 'context flag fdOrNone bioOrNull bioOrNull textOrNull flag flag callbacks',
  'tls.Connection.release': 'connection',
  'tls.Connection.handshake': 'connection whole',
  'tls.Connection.read': 'connection bytes length whole',
  'tls.Connection.write': 'connection bytes length whole',
  'tls.Connection.shutdown': 'connection flag whole',
  'tls.Connection.sendFile': 'connection fdOfFile length length whole',
  'tls.Connection.pending': 'connection',
  'tls.Connection.setContext': 'connection context',
  'tls.Connection.verifyClientPostHandshake': 'connection',
  'tls.Connection.updateKeys': 'connection flag',
  'tls.Connection.unread': 'connection bytes',
  'tls.Connection.peerChain': 'connection flag',
  'tls.Connection.exportKeyingMaterial': 'connection bytes bytes bytesOrNull',
  'tls.Connection.getSession': 'connection',
  'tls.Connection.setSession': 'connection tlsSession',
  'tls.Session.describe': 'tlsSession',
  'tls.Session.toBytes': 'tlsSession',
  'tls.Session.fromBytes': 'der',
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
  ...QUESTIONS.map((name): [string, string[]] => [`tls.Connection.${name}`, ['connection']]),
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

/** A class's methods, as functions of what they are called on. */
function methodsOf(type: { prototype?: object }, path: string): Named[] {
  const names = Object.getOwnPropertyNames(type.prototype ?? {}).filter((name) => name !== 'constructor');
  return names.map((name): Named => {
    const method = Reflect.get(type.prototype as object, name);
    return [path + name, type, (self, ...args) => Reflect.apply(method, self, args)];
  });
}

function functionsOf(owner: object, path = ''): Named[] {
  const names = Object.getOwnPropertyNames(owner).filter((name) => !/^(length|name|prototype)$/.test(name));
  return names.flatMap((name): Named[] => {
    const value = Reflect.get(owner, name);
    const below = `${path}${name}.`;
    if (typeof value === 'function') {
      return [[path + name, owner, value], ...functionsOf(value, below), ...methodsOf(value, below)];
    }
    const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? functionsOf(value, below) : [];
  });
}

/** All functions of the binary that was loaded. */
const loaded = functionsOf(native);

/** Those that have a row. */
export const functions: readonly NativeFunction[] = loaded.flatMap(([name, owner, call]): NativeFunction[] => {
  const kinds = KINDS.get(name);
  return kinds === undefined ? [] : [{ name, owner, call, kinds }];
});

/** What the binaries of other systems have. */
const ELSEWHERE = new RegExp(
  [
    ...(native.epollCreate === undefined ? ['^epoll'] : []),
    ...(native.kqueueCreate === undefined ? ['^kqueue'] : []),
    ...(native.afdCreate === undefined ? ['^(afd|enum)', '^(share|fromshare|control)$'] : []),
  ].join('|'),
);

/** Where the table and the binary differ: what is to be added to it, and what is to be taken out of it. */
export function differences(): { missing: string[]; gone: string[] } {
  const names = loaded.map(([name]) => name);
  return {
    missing: names.filter((name) => !KINDS.has(name)),
    gone: [...KINDS.keys()].filter((name) => !names.includes(name) && !ELSEWHERE.test(name)),
  };
}

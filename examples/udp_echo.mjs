/**
 * UDP echo, both ends.
 *
 *   node examples/udp_echo.mjs serve [--port 9999] [--count N]    sends every datagram back; N ends it after so many
 *   node examples/udp_echo.mjs ask HOST PORT TEXT…                sends each text, prints what comes back
 */
import { parseArgs } from 'node:util';
import { exceptions, socket } from 'berkeley';

const TRIES = 3;
const TIMEOUT_S = 1;
/** No UDP datagram is larger. */
const DATAGRAM_MAX = 65_535;

function serve(port, count) {
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sock.bind(['127.0.0.1', port]);
  console.log(`listening on ${sock.getsockname().join(':')}`);
  for (let i = 0; i < count; i++) {
    const [bytes, from] = sock.recvfrom(DATAGRAM_MAX);
    sock.sendto(bytes, from);
    console.log(`${bytes.length} bytes from ${from.join(':')}`);
  }
  sock.close();
}

/** A datagram may be lost: ask again, a few times. */
function ask(sock, text) {
  for (let i = 0; i < TRIES; i++) {
    sock.send(Buffer.from(text));
    try {
      return sock.recv(DATAGRAM_MAX).toString();
    } catch (error) {
      if (!(error instanceof exceptions.TimeoutError)) throw error;
    }
  }
  throw new exceptions.TimeoutError(`no answer to ${TRIES} datagrams`);
}

function askAll(host, port, texts) {
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  // A connected UDP socket receives from this peer alone, and hears of it if nobody listens there.
  sock.connect([host, port]);
  sock.settimeout(TIMEOUT_S);
  try {
    for (const text of texts) console.log(ask(sock, text));
  } catch (error) {
    if (!(error instanceof exceptions.OSError)) throw error;
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    sock.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '0' }, count: { type: 'string', default: 'Infinity' } },
});
const [role, host, port, ...texts] = positionals;
if (role === 'serve') serve(Number(values.port), Number(values.count));
else if (role === 'ask' && texts.length > 0) askAll(host, Number(port), texts);
else {
  console.error('usage: udp_echo.mjs serve [--port N] [--count N] | ask HOST PORT TEXT…');
  process.exitCode = 2;
}

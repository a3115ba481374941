/**
 * A chat room on select(): one thread, any number of clients, every line goes to all others.
 *
 *   node examples/chat_server.mjs [--port 8000] [--until-empty]
 *
 * Join it with `nc 127.0.0.1 8000` or `telnet`. `--until-empty` ends it when the last guest has left.
 */
import { parseArgs } from 'node:util';
import { exceptions, select, socket } from 'berkeley';

/** A guest who lets more than this pile up does not read, and has to leave. */
const UNREAD_MAX = 1024 * 1024;

class Guest {
  incoming = '';
  outgoing = Buffer.alloc(0);
  #decoder = new TextDecoder();

  constructor(sock, name) {
    this.sock = sock;
    this.name = name;
    sock.setblocking(false);
  }

  /** select() takes whatever has a fileno(), and gives the same object back. */
  fileno() {
    return this.sock.fileno();
  }

  /** The whole lines that have come; null if the guest is gone. */
  lines() {
    const bytes = this.sock.recv(4096);
    if (bytes.length === 0) return null;
    const parts = (this.incoming + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.incoming = parts.pop();
    return parts.map((line) => line.replace(/\r$/, ''));
  }

  /** Sends what waits, as far as the kernel takes it. */
  send() {
    this.outgoing = this.outgoing.subarray(this.sock.send(this.outgoing));
  }
}

class Room {
  #listener;
  #guests = new Set();
  #count = 0;

  constructor(port) {
    this.#listener = socket.create_server(['127.0.0.1', port]);
    console.log(`listening on ${this.#listener.getsockname().join(':')}`);
  }

  run(untilEmpty) {
    do this.#turn();
    while (!untilEmpty || this.#guests.size > 0);
    this.#listener.close();
  }

  #turn() {
    const guests = [...this.#guests];
    const waiting = guests.filter(({ outgoing }) => outgoing.length > 0);
    const [readable, writable] = select.select([this.#listener, ...guests], waiting, []);
    for (const each of readable) {
      if (each === this.#listener) this.#welcome();
      else this.#attempt(each, () => this.#listen(each));
    }
    for (const guest of writable) this.#attempt(guest, () => guest.send());
  }

  #attempt(guest, action) {
    if (!this.#guests.has(guest)) return;
    try {
      action();
    } catch (error) {
      if (error instanceof exceptions.BlockingIOError) return;
      if (!(error instanceof exceptions.OSError)) throw error;
      this.#leave(guest);
    }
  }

  #welcome() {
    const [sock] = this.#listener.accept();
    const guest = new Guest(sock, `guest ${++this.#count}`);
    this.#guests.add(guest);
    this.#tell(`* ${guest.name} came in`);
  }

  #listen(guest) {
    const lines = guest.lines();
    if (lines === null) this.#leave(guest);
    for (const line of lines ?? []) this.#tell(`${guest.name}: ${line}`, guest);
  }

  #leave(guest) {
    this.#guests.delete(guest);
    guest.sock.close();
    this.#tell(`* ${guest.name} left`);
  }

  #tell(text, except = null) {
    console.log(text);
    for (const guest of this.#guests) {
      if (guest === except) continue;
      guest.outgoing = Buffer.concat([guest.outgoing, Buffer.from(`${text}\n`)]);
      if (guest.outgoing.length > UNREAD_MAX) this.#leave(guest);
    }
  }
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'until-empty': { type: 'boolean', default: false } },
});
new Room(Number(values.port)).run(values['until-empty']);

/** A TLS handshake on a nonblocking socket, one call at a time. */
import { select, ssl } from 'berkeley';

/** What epoll has to wait for after a TLS call that could not go on; 0: that is not what the error says. */
export function wanted(error) {
  if (error instanceof ssl.SSLWantReadError) return select.EPOLLIN;
  if (error instanceof ssl.SSLWantWriteError) return select.EPOLLOUT;
  return 0;
}

export class Handshake {
  #sock;
  /** The name of what each call raised that was not the last. */
  raised = [];
  /** `{ protocol, cipher, alpn }`, once it is done. */
  agreed = null;

  constructor(sock) {
    this.#sock = sock;
  }

  /** One call. Returns what to wait for before the next one; 0: there is no next one. @throws ssl.SSLError | OSError */
  step() {
    try {
      this.#sock.do_handshake();
    } catch (error) {
      const events = wanted(error);
      if (events === 0) throw error;
      this.raised.push(error.name);
      return events;
    }
    const [cipher] = this.#sock.cipher();
    this.agreed = { protocol: this.#sock.version(), cipher, alpn: this.#sock.selected_alpn_protocol() };
    return 0;
  }

  /** What a message to another thread can hold. */
  get log() {
    return { raised: this.raised, agreed: this.agreed };
  }
}

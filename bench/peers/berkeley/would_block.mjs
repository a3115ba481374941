// A recv that has nothing: system call, exception and all.
import { exceptions, socket } from 'berkeley';
import { keepOpen, serveTasks } from '../tasks.mjs';

const [sock, other] = socket.socketpair();
sock.setblocking(false);
keepOpen(other);

function work() {
  try {
    sock.recv(64);
  } catch (error) {
    if (!(error instanceof exceptions.BlockingIOError)) throw error;
  }
}

serveTasks(() => work);

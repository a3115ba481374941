// Serves one connection with calls that block.
import { workerData } from 'node:worker_threads';
import { socket } from 'berkeley';

const listener = socket.fromfd(workerData, socket.AF_INET, socket.SOCK_STREAM);
const [connection] = listener.accept();
for (let got = connection.recv(100); got.length > 0; got = connection.recv(100)) connection.sendall(got);
connection.close();
listener.close();

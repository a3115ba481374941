// Node's own modules are loaded, and that is all.
import 'node:dgram';
import 'node:net';
import 'node:tls';

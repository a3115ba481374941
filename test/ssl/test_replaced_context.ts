/** A context that an sni_callback puts in the place of another: which of them is asked, and told, beside CPython. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { pythonSync, tmpdir } from '../helpers/peers.js';
import { cert, clientContext, serverContext, shake } from '../helpers/tls.js';
import { testWithPython } from '../helpers/twin.js';

checkLeaks(test);

type Which = 'old' | 'new';

/** What is set on the old and on the new context, and when: '+' a message callback, '-' none. */
interface Scenario {
  readonly tls13: boolean;
  readonly before: Partial<Record<Which, '+'>>;
  readonly during?: Partial<Record<Which, '+' | '-'>>;
  readonly after?: Partial<Record<Which, '+' | '-'>>;
  /** Has a keylog_filename; offers an ALPN protocol of its name. */
  readonly settings?: readonly Which[];
}

const BEFORE: Scenario['before'][] = [{}, { old: '+' }, { new: '+' }, { old: '+', new: '+' }];
const CHANGES: Scenario['after'][] = [{ old: '+' }, { new: '+' }, { old: '-' }, { new: '-' }];
const SCENARIOS: Scenario[] = [false, true].flatMap((tls13) => [
  ...BEFORE.map((before): Scenario => ({ tls13, before })),
  ...BEFORE.flatMap((before) => CHANGES.map((during): Scenario => ({ tls13, before, during }))),
  ...BEFORE.flatMap((before) => CHANGES.map((after): Scenario => ({ tls13, before, after }))),
  { tls13, before: {}, settings: ['old'] },
  { tls13, before: {}, settings: ['new'] },
  { tls13, before: {}, settings: ['old', 'new'] },
]);

const IN_PYTHON = `
import json, os, ssl, sys

def run(scenario, folder):
    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in ('old', 'new')}
    log = []
    def change(step):
        for name, sign in scenario.get(step, {}).items():
            told = lambda *message, name=name: log.append(name)
            contexts[name]._msg_callback = told if sign == '+' else None
    for name, context in contexts.items():
        context.load_cert_chain('${cert('server.pem')}')
        if name in scenario.get('settings', []):
            context.keylog_filename = os.path.join(folder, name)
            context.set_alpn_protocols([name])
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.load_verify_locations('${cert('root.crt.pem')}')
    client_context.set_alpn_protocols(['old', 'new'])
    if not scenario['tls13']:
        client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    change('before')
    def replace(connection, name, context):
        log.append([name, context is contexts['old']])
        change('during')
        connection.context = contexts['new']
    contexts['old'].sni_callback = replace
    contexts['new'].sni_callback = lambda *args: log.append('again')
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname='localhost')
    server = contexts['old'].wrap_bio(to_server, to_client, server_side=True)
    for turn in range(4):
        for side in client, server:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    log.append('later')
    change('after')
    server.write(b'x')
    client.read(1)
    secrets = {}
    for name in contexts:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            secrets[name] = [line.split()[0] for line in open(path) if line[0] != '#']
            os.remove(path)
    # How many messages there are differs between versions of OpenSSL.
    log = [entry for i, entry in enumerate(log) if i == 0 or entry != log[i - 1]]
    return [log, client.selected_alpn_protocol(), secrets]

job = json.load(sys.stdin)
print(json.dumps([run(scenario, job['folder']) for scenario in job['scenarios']]))
`;

function run(scenario: Scenario, folder: string): unknown {
  const contexts: Record<Which, ssl.SSLContext> = { old: serverContext(), new: serverContext() };
  const log: unknown[] = [];
  const change = (step: 'before' | 'during' | 'after') => {
    for (const [name, sign] of Object.entries(scenario[step] ?? {}) as [Which, string][]) {
      const told = () => {
        log.push(name);
      };
      contexts[name]._msg_callback = sign === '+' ? told : null;
    }
  };
  for (const name of scenario.settings ?? []) {
    contexts[name].keylog_filename = join(folder, name);
    contexts[name].set_alpn_protocols([name]);
  }
  const clients = clientContext();
  clients.set_alpn_protocols(['old', 'new']);
  if (!scenario.tls13) clients.maximum_version = ssl.TLSVersion.TLSv1_2;
  change('before');
  contexts.old.sni_callback = (connection, name, context) => {
    log.push([name, context === contexts.old]);
    change('during');
    connection.context = contexts.new;
  };
  contexts.new.sni_callback = () => {
    log.push('again');
  };
  const [toClient, toServer] = [new ssl.MemoryBIO(), new ssl.MemoryBIO()];
  const client = clients.wrap_bio(toClient, toServer, { server_hostname: 'localhost' });
  const server = contexts.old.wrap_bio(toServer, toClient, { server_side: true });
  shake(client, server);
  log.push('later');
  change('after');
  server.write(Buffer.from('x'));
  client.read(1);
  const secrets = Object.fromEntries(
    Object.keys(contexts)
      .map((name) => [name, join(folder, name)])
      .filter(([, path]) => existsSync(path))
      .map(([name, path]) => [name, readFileSync(path, 'latin1').match(/^[A-Z]\w+/gm) ?? []]),
  );
  const changes = log.filter((entry, i) => i === 0 || entry !== log[i - 1]);
  return [changes, client.selected_alpn_protocol(), secrets];
}

testWithPython(
  `${SCENARIOS.length} ways to replace a context: its callbacks and settings are heeded as in CPython`,
  (t) => {
    const theirs = pythonSync(IN_PYTHON, [], { input: JSON.stringify({ scenarios: SCENARIOS, folder: tmpdir(t) }) });
    t.is(theirs.code, 0, theirs.stderr);
    const expected = JSON.parse(theirs.stdout) as unknown[];
    for (const [i, scenario] of SCENARIOS.entries()) {
      t.deepEqual(run(scenario, tmpdir(t)), expected[i], JSON.stringify(scenario));
    }
  },
);

/** Contexts with good settings, and with none. */
import { parameters } from '../core/args.js';
import { ValueError } from '../core/exceptions.js';
import type { PathLike, VerifyLocations } from './arguments.js';
import { checkPurpose, Purpose } from './certificates.js';
import * as k from './constants.js';
import { SSLContext } from './context.js';

/**
 * A context with safe settings: TLS 1.2 or newer, and for SERVER_AUTH (a client's), the server's certificate and name
 * are verified against the system's trusted certificates, or those given.
 * @throws OSError for a file that cannot be read; SSLError for what is no certificate; TypeError | ValueError
 * @see Python ssl.create_default_context
 */
export function create_default_context(purpose?: Purpose, options?: VerifyLocations): SSLContext;
export function create_default_context(options?: VerifyLocations & { purpose?: Purpose }): SSLContext;
export function create_default_context(...args: unknown[]): SSLContext {
  const names = ['purpose', 'cafile', 'capath', 'cadata'];
  const [purpose = Purpose.SERVER_AUTH, cafile, capath, cadata] = parameters('create_default_context', names, args);
  checkPurpose(purpose);
  if (purpose !== Purpose.SERVER_AUTH && purpose !== Purpose.CLIENT_AUTH) throw new ValueError(String(purpose));
  const context = new SSLContext(purpose === Purpose.SERVER_AUTH ? k.PROTOCOL_TLS_CLIENT : k.PROTOCOL_TLS_SERVER);
  context.verify_flags |= k.VERIFY_X509_PARTIAL_CHAIN | k.VERIFY_X509_STRICT;
  trustAndLog(context, purpose, { cafile, capath, cadata } as VerifyLocations);
  return context;
}

/**
 * A context without those precautions, for what must talk to anyone.
 * @throws OSError for a file that cannot be read; SSLError for what is no certificate; TypeError | ValueError
 * @see Python ssl._create_unverified_context
 */
export function _create_unverified_context(...args: unknown[]): SSLContext {
  const names = [
    'protocol',
    'cert_reqs',
    'check_hostname',
    'purpose',
    'certfile',
    'keyfile',
    'cafile',
    'capath',
    'cadata',
  ];
  const [protocol, certReqs = k.CERT_NONE, checkHostname = false, purpose = Purpose.SERVER_AUTH, ...files] = parameters(
    '_create_unverified_context',
    names,
    args,
  );
  const [certfile, keyfile, cafile, capath, cadata] = files as (PathLike | null | undefined)[];
  checkPurpose(purpose);
  if (purpose !== Purpose.SERVER_AUTH && purpose !== Purpose.CLIENT_AUTH) throw new ValueError(String(purpose));
  const usual = purpose === Purpose.SERVER_AUTH ? k.PROTOCOL_TLS_CLIENT : k.PROTOCOL_TLS_SERVER;
  const context = new SSLContext((protocol as number | null | undefined) ?? usual);
  context.check_hostname = checkHostname as boolean;
  if (certReqs !== null) context.verify_mode = certReqs as number;
  if (checkHostname) context.check_hostname = true;
  if (keyfile && !certfile) throw new ValueError('certfile must be specified');
  if (certfile) context.load_cert_chain(certfile, keyfile ?? null);
  trustAndLog(context, purpose, { cafile, capath, cadata: cadata as string | null });
  return context;
}

function trustAndLog(context: SSLContext, purpose: Purpose, { cafile, capath, cadata }: VerifyLocations): void {
  if (cafile || capath || cadata) {
    context.load_verify_locations(cafile ?? null, capath ?? null, cadata ?? null);
  } else if (context.verify_mode !== k.CERT_NONE) context.load_default_certs(purpose);
  const { SSLKEYLOGFILE } = process.env;
  if (SSLKEYLOGFILE) context.keylog_filename = SSLKEYLOGFILE;
}

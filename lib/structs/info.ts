/** Options whose value is a struct, as objects with the kernel's names. */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { checked, raise } from '../core/exceptions.js';

const c = constants.socket;
const { EOPNOTSUPP } = constants.errno;

// ---- TCP_INFO ------------------------------------------------------------------------------------------------------

/**
 * The fields of struct tcp_info without their prefix `tcpi_`, in their order, by width in bytes. Each lies at a multiple
 * of its width, on every machine, and the kernel only ever appends: so this list serves older and newer ones, whatever
 * headers the binary was compiled with. First what every kernel has.
 * @see linux/tcp.h
 */
const FIRST_FIELDS = [
  [1, 'state', 'ca_state', 'retransmits', 'probes', 'backoff', 'options', 'wscale', 'bits'],
  [4, 'rto', 'ato', 'snd_mss', 'rcv_mss', 'unacked', 'sacked', 'lost', 'retrans', 'fackets'],
  [4, 'last_data_sent', 'last_ack_sent', 'last_data_recv', 'last_ack_recv'],
  [4, 'pmtu', 'rcv_ssthresh', 'rtt', 'rttvar', 'snd_ssthresh', 'snd_cwnd', 'advmss', 'reordering'],
  [4, 'rcv_rtt', 'rcv_space', 'total_retrans'],
] as const;
const LATER_FIELDS = [
  [8, 'pacing_rate', 'max_pacing_rate', 'bytes_acked', 'bytes_received'],
  [4, 'segs_out', 'segs_in', 'notsent_bytes', 'min_rtt', 'data_segs_in', 'data_segs_out'],
  [8, 'delivery_rate', 'busy_time', 'rwnd_limited', 'sndbuf_limited'],
  [4, 'delivered', 'delivered_ce'],
  [8, 'bytes_sent', 'bytes_retrans'],
  [4, 'dsack_dups', 'reord_seen', 'rcv_ooopack', 'snd_wnd', 'rcv_wnd', 'rehash'],
  [2, 'total_rto', 'total_rto_recoveries'],
  [4, 'total_rto_time'],
] as const;

type NamesOf<Row, Width> = Row extends readonly [Width, ...infer Names extends string[]] ? Names[number] : never;
type First = Exclude<NamesOf<(typeof FIRST_FIELDS)[number], 1 | 4>, 'wscale' | 'bits'>;
type Later<Width> = NamesOf<(typeof LATER_FIELDS)[number], Width>;

/** Struct tcp_info. Times are in µs, `tcpi_last_*` in ms, rates in bytes per second. */
export type TcpInfo = { [Name in First as `tcpi_${Name}`]: number } & {
  [Name in Later<2 | 4> as `tcpi_${Name}`]?: number;
} & { [Name in Later<8> as `tcpi_${Name}`]?: bigint } & {
  tcpi_snd_wscale: number;
  tcpi_rcv_wscale: number;
  tcpi_delivery_rate_app_limited: number;
  tcpi_fastopen_client_fail: number;
};

/** More than any kernel has. */
const TCP_INFO_ROOM = 1024;

/** A field of `width` bits from bit `at` of a byte, as C compilers lay them out: from the end that the machine begins at. */
function bitField(byte: number, at: number, width: number): number {
  return (byte >> (LITTLE_ENDIAN ? at : 8 - at - width)) & ((1 << width) - 1);
}

/** Struct tcp_info in an object, as much as there is of it. */
export function decodeTcpInfo(bytes: Uint8Array): TcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<string, number | bigint> = {};
  let at = 0;
  for (const [width, ...names] of [...FIRST_FIELDS, ...LATER_FIELDS]) {
    for (const name of names) {
      at = Math.ceil(at / width) * width;
      if (at + width > bytes.length) break;
      values[`tcpi_${name}`] = unsigned(view, at, width);
      at += width;
    }
  }
  const { tcpi_wscale, tcpi_bits, ...info } = values as Record<string, number>;
  info.tcpi_snd_wscale = bitField(tcpi_wscale, 0, 4);
  info.tcpi_rcv_wscale = bitField(tcpi_wscale, 4, 4);
  info.tcpi_delivery_rate_app_limited = bitField(tcpi_bits, 0, 1);
  info.tcpi_fastopen_client_fail = bitField(tcpi_bits, 1, 2);
  return info as unknown as TcpInfo;
}

function unsigned(view: DataView, at: number, width: number): number | bigint {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, LITTLE_ENDIAN);
  return width === 4 ? view.getUint32(at, LITTLE_ENDIAN) : view.getBigUint64(at, LITTLE_ENDIAN);
}

/** See `socket.tcp_info`. */
export function tcpInfo(fd: number): TcpInfo {
  // Other systems have another struct of this name, or none.
  if (native.layout.tcp_info === undefined) raise(-EOPNOTSUPP, 'getsockopt');
  const room = new Uint8Array(TCP_INFO_ROOM);
  const size = checked(native.getsockopt(fd, c.IPPROTO_TCP, c.TCP_INFO, room), 'getsockopt');
  return decodeTcpInfo(room.subarray(0, size));
}

// ---- SO_PEERCRED ---------------------------------------------------------------------------------------------------

/** Struct ucred: who a process is. */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

const { ucred } = native.layout;

/** Struct ucred in an object. */
export function decodeCredentials(bytes: Uint8Array): Credentials {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    pid: view.getInt32(ucred.pid[0], LITTLE_ENDIAN),
    uid: view.getUint32(ucred.uid[0], LITTLE_ENDIAN),
    gid: view.getUint32(ucred.gid[0], LITTLE_ENDIAN),
  };
}

/** See `socket.peercred`. */
export function peerCredentials(fd: number): Credentials {
  if (ucred === undefined) raise(-EOPNOTSUPP, 'getsockopt');
  const room = new Uint8Array(ucred.size);
  checked(native.getsockopt(fd, c.SOL_SOCKET, c.SO_PEERCRED, room), 'getsockopt');
  return decodeCredentials(room);
}

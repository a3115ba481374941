/** The addresses of families that Linux alone has, or that others have in another form. */
import { native } from '../addon/binary.js';
import type { Field } from '../addon/calls.js';
import { constants } from '../constants/table.js';
import { argName, integer, typeName, wrapped32 } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { bytesOf } from '../core/bytes.js';
import { OSError, OverflowError, ValueError } from '../core/exceptions.js';
import { encodePath } from '../core/paths.js';
import {
  type Address,
  type Family,
  found,
  get,
  getText,
  interfaceIndex,
  interfaceName,
  into,
  pair,
  put,
  putBytes,
  tuple,
} from './address_fields.js';

const c = constants.socket;

const netlink = native.layout.sockaddr_nl;

function packNetlink(address: unknown, caller: string): number {
  const shape = 'a pair (pid, groups)';
  const [pid, groups] = tuple(address, 2, 2, 'AF_NETLINK', `${caller}(): AF_NETLINK`, shape);
  put(netlink.nl_pid, wrapped32(pid));
  put(netlink.nl_groups, wrapped32(groups));
  return netlink.size;
}

const packet = native.layout.sockaddr_ll;
const HARDWARE_MAX = 8;

function packetInt(value: unknown, caller: string): number {
  const n = integer(value);
  if (n > 0x7fffffff || n < -0x80000000) throw new OverflowError(`${caller}(): address argument out of range`);
  return Number(n);
}

function packPacket(address: unknown, caller: string): number {
  const shape = 'a tuple of two to five elements';
  const parts = tuple(address, 2, 5, 'AF_PACKET', `${caller}(): AF_PACKET`, shape);
  const [name, protocol, type = 0, hardwareType = 0, hardware = new Uint8Array(0)] = parts;
  if (typeof name !== 'string') throw new TypeError(`AF_PACKET address must be ${shape}`);
  if (name.includes('\0')) throw new ValueError('embedded null character');
  const numbers = [protocol, type, hardwareType].map((each) => packetInt(each, caller));
  const bytes = bytesOf(hardware);
  const index = interfaceIndex(name);
  if (bytes.length > HARDWARE_MAX) throw new ValueError('Hardware address must be 8 bytes or less');
  if (numbers[0] < 0 || numbers[0] > 0xffff) throw new OverflowError(`${caller}(): proto must be 0-65535.`);
  put(packet.sll_protocol, numbers[0], false);
  put(packet.sll_ifindex, index);
  put(packet.sll_pkttype, numbers[1]);
  put(packet.sll_hatype, numbers[2]);
  put(packet.sll_halen, bytes.length);
  putBytes(packet.sll_addr, bytes);
  return packet.size;
}

function unpackPacket(): Address {
  const [at] = packet.sll_addr;
  return [
    interfaceName(get(packet.sll_ifindex)),
    get(packet.sll_protocol, false),
    get(packet.sll_pkttype),
    get(packet.sll_hatype),
    Buffer.from(found.subarray(at, at + Math.min(get(packet.sll_halen), HARDWARE_MAX))),
  ];
}

const vsock = native.layout.sockaddr_vm;

function packVsock(address: unknown): number {
  const [cid, port] = pair(address, 'AF_VSOCK');
  put(vsock.svm_cid, wrapped32(cid));
  put(vsock.svm_port, wrapped32(port));
  return vsock.size;
}

const qrtr = native.layout.sockaddr_qrtr;

function packQrtr(address: unknown): number {
  const [node, port] = pair(address, 'AF_QIPCRTR');
  put(qrtr.sq_node, wrapped32(node));
  put(qrtr.sq_port, wrapped32(port));
  return qrtr.size;
}

const can = native.layout.sockaddr_can;
const INTERFACE_NAME_MAX = 16;

function putCanInterface(name: unknown): void {
  if (typeof name !== 'string' && !(name instanceof Uint8Array)) {
    throw new TypeError(`expected str, bytes or os.PathLike object, not ${typeName(name)}`);
  }
  const bytes = typeof name === 'string' ? encodePath(name) : name;
  if (bytes.includes(0)) throw new ValueError('embedded null byte');
  if (bytes.length >= INTERFACE_NAME_MAX) throw new OSError('AF_CAN interface name too long');
  put(can.can_ifindex, bytes.length === 0 ? 0 : interfaceIndex(bytes));
}

/** A `long` of CPython's 'k' format: it wraps, and names the argument that is no integer. */
function canNumber(parts: unknown[], position: number): bigint {
  try {
    return BigInt(integer(parts[position - 1]));
  } catch {
    throw new TypeError(`argument ${position} must be int, not ${argName(parts[position - 1])}`);
  }
}

function exactly(address: unknown, count: number, caller: string): unknown[] {
  if (!Array.isArray(address))
    throw new TypeError(`${caller}(): AF_CAN address must be tuple, not ${typeName(address)}`);
  if (address.length !== count) {
    throw new TypeError(`function takes exactly ${count} arguments (${address.length} given)`);
  }
  return address;
}

function packCan(address: unknown, caller: string, protocol: number): number {
  if (protocol === c.CAN_ISOTP) {
    const parts = exactly(address, 3, caller);
    const [rx, tx] = [canNumber(parts, 2), canNumber(parts, 3)];
    putCanInterface(parts[0]);
    put(can.can_addr_tp_rx_id, rx);
    put(can.can_addr_tp_tx_id, tx);
  } else if (protocol === c.CAN_J1939) {
    const parts = exactly(address, 4, caller);
    const [name, group, source] = [canNumber(parts, 2), wrapped32(parts[2]), integer(parts[3])];
    putCanInterface(parts[0]);
    put(can.can_addr_j1939_name, name);
    put(can.can_addr_j1939_pgn, group);
    put(can.can_addr_j1939_addr, Number(BigInt.asUintN(8, BigInt(source))));
  } else if (protocol === c.CAN_RAW || protocol === c.CAN_BCM) {
    const [name] = tuple(address, 1, 1, 'AF_CAN', `${caller}(): AF_CAN`, 'a tuple (interface, )');
    putCanInterface(name);
  } else {
    throw new OSError(`${caller}(): unsupported CAN protocol`);
  }
  return can.size;
}

function unpackCan(_length: number, protocol: number): Address {
  const name = interfaceName(get(can.can_ifindex));
  if (protocol === c.CAN_ISOTP) return [name, get(can.can_addr_tp_rx_id), get(can.can_addr_tp_tx_id)];
  if (protocol !== c.CAN_J1939) return [name];
  const own = into.getBigUint64(can.can_addr_j1939_name[0], LITTLE_ENDIAN);
  const value = own <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(own) : own;
  return [name, value, get(can.can_addr_j1939_pgn), get(can.can_addr_j1939_addr)];
}

const tipc = native.layout.sockaddr_tipc;

function packTipc(address: unknown, caller: string): number {
  const shape = 'a tuple (addr_type, v1, v2, v3[, scope])';
  const parts = tuple(address, 4, 5, 'AF_TIPC', `${caller}(): AF_TIPC`, shape).map(wrapped32);
  const [type, v1, v2, v3, scope = c.TIPC_CLUSTER_SCOPE] = parts;
  put(tipc.addrtype, type);
  put(tipc.scope, scope);
  if (type === c.TIPC_ADDR_NAMESEQ) {
    put(tipc.addr_nameseq_type, v1);
    put(tipc.addr_nameseq_lower, v2);
    put(tipc.addr_nameseq_upper, v3);
  } else if (type === c.TIPC_ADDR_NAME) {
    put(tipc.addr_name_name_type, v1);
    put(tipc.addr_name_name_instance, v2);
  } else if (type === c.TIPC_ADDR_ID) {
    put(tipc.addr_id_node, v1);
    put(tipc.addr_id_ref, v2);
  } else {
    throw new TypeError('Invalid address type');
  }
  return tipc.size;
}

function unpackTipc(): Address {
  const type = get(tipc.addrtype);
  const scope = get(tipc.scope);
  if (type === c.TIPC_ADDR_NAMESEQ) {
    const [first, lower, upper] = [tipc.addr_nameseq_type, tipc.addr_nameseq_lower, tipc.addr_nameseq_upper].map((f) =>
      get(f),
    );
    return [type, first, lower, upper, scope];
  }
  if (type === c.TIPC_ADDR_NAME) {
    const instance = get(tipc.addr_name_name_instance);
    return [type, get(tipc.addr_name_name_type), instance, instance, scope];
  }
  if (type === c.TIPC_ADDR_ID) return [type, get(tipc.addr_id_node), get(tipc.addr_id_ref), 0, scope];
  throw new ValueError('Invalid address type');
}

const alg = native.layout.sockaddr_alg;

function algText(value: unknown, field: Field, what: string, shape: string): Uint8Array {
  if (typeof value !== 'string') throw new TypeError(`AF_ALG address must be ${shape}`);
  if (value.includes('\0')) throw new ValueError('embedded null character');
  const bytes = encodePath(value);
  if (bytes.length >= field[1]) throw new ValueError(`AF_ALG ${what} too long.`);
  return bytes;
}

function packAlg(address: unknown, caller: string): number {
  const shape = 'a tuple (type, name[, feat[, mask]])';
  const [type, name, feature = 0, mask = 0] = tuple(address, 2, 4, 'AF_ALG', `${caller}(): AF_ALG`, shape);
  if (typeof type !== 'string' || typeof name !== 'string') throw new TypeError(`AF_ALG address must be ${shape}`);
  const flags = [wrapped32(feature) & 0xffff, wrapped32(mask) & 0xffff];
  putBytes(alg.salg_type, algText(type, alg.salg_type, 'type', shape));
  putBytes(alg.salg_name, algText(name, alg.salg_name, 'name', shape));
  put(alg.salg_feat, flags[0]);
  put(alg.salg_mask, flags[1]);
  return alg.size;
}

/** By family; undefined stands for one that this platform has no number for. */
export const linuxFamilies: readonly (readonly [family: number | undefined, Family])[] = [
  [c.AF_NETLINK, { layout: netlink, pack: packNetlink, unpack: () => [get(netlink.nl_pid), get(netlink.nl_groups)] }],
  [c.AF_PACKET, { layout: packet, pack: packPacket, unpack: unpackPacket }],
  [c.AF_VSOCK, { layout: vsock, pack: packVsock, unpack: () => [get(vsock.svm_cid), get(vsock.svm_port)] }],
  [c.AF_QIPCRTR, { layout: qrtr, pack: packQrtr, unpack: () => [get(qrtr.sq_node), get(qrtr.sq_port)] }],
  [c.AF_CAN, { layout: can, pack: packCan, unpack: unpackCan }],
  [c.AF_TIPC, { layout: tipc, pack: packTipc, unpack: unpackTipc }],
  [
    c.AF_ALG,
    {
      layout: alg,
      pack: packAlg,
      unpack: () => [getText(alg.salg_type), getText(alg.salg_name), get(alg.salg_feat), get(alg.salg_mask)],
    },
  ],
];

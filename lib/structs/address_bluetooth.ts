/**
 * Bluetooth's addresses, whose shape depends on the protocol. Linux has four protocols, Windows RFCOMM alone.
 * @see Python "Socket families", AF_BLUETOOTH
 */
import { native } from '../addon/binary.js';
import type { Field } from '../addon/calls.js';
import { constants } from '../constants/table.js';
import { OSError, ValueError } from '../core/exceptions.js';
import { type Address, type Family, found, get, put, putBytes } from './address_fields.js';

const c = constants.socket;

const { sockaddr_l2: l2, sockaddr_rc: rfcomm, sockaddr_hci: hci, sockaddr_sco: sco } = native.layout;
/** Windows has RFCOMM alone, with a struct of its own. */
const bth = native.layout._SOCKADDR_BTH;
const BLUETOOTH_ADDRESS =
  /^([0-9a-f]{1,2}):([0-9a-f]{1,2}):([0-9a-f]{1,2}):([0-9a-f]{1,2}):([0-9a-f]{1,2}):([0-9a-f]{1,2})$/i;

/** Bytes of an address; Windows has a number of 64 bits for it. */
const ADDRESS_SIZE = 6;

/** What CPython says of every part that has a wrong type. */
function wrongFormat(caller: string): OSError {
  return new OSError(`${caller}(): wrong format`);
}

/** 'XX:XX:XX:XX:XX:XX', kept by the kernel with its last byte first. */
function putBluetooth(field: Field, text: unknown, caller: string): void {
  if (typeof text !== 'string') throw wrongFormat(caller);
  const match = BLUETOOTH_ADDRESS.exec(text);
  if (match === null) throw new OSError('bad bluetooth address');
  putBytes(
    field,
    Uint8Array.from(match.slice(1).reverse(), (part) => Number.parseInt(part, 16)),
  );
}

function getBluetooth([offset]: Field): string {
  const bytes = [...found.subarray(offset, offset + ADDRESS_SIZE)].reverse();
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
}

function bluetoothParts(address: unknown, least: number, most: number, caller: string): unknown[] {
  if (!Array.isArray(address) || address.length < least || address.length > most) throw wrongFormat(caller);
  return address;
}

function bluetoothInt(value: unknown, caller: string): number {
  const number = typeof value === 'string' ? Number.NaN : Number(value);
  if ((number | 0) !== number) throw wrongFormat(caller);
  return number;
}

function packBluetooth(address: unknown, caller: string, protocol: number): number {
  if (protocol === c.BTPROTO_L2CAP) {
    const [host, ...rest] = bluetoothParts(address, 2, 4, caller);
    const [psm, cid = 0, type = c.BDADDR_BREDR] = rest.map((each) => bluetoothInt(each, caller));
    putBluetooth(l2.l2_bdaddr, host, caller);
    // These are little-endian on every machine.
    put(l2.l2_psm, psm, true);
    put(l2.l2_cid, cid, true);
    put(l2.l2_bdaddr_type, type);
    return l2.size;
  }
  if (protocol === c.BTPROTO_RFCOMM) {
    const [host, channel] = bluetoothParts(address, 2, 2, caller);
    const number = bluetoothInt(channel, caller);
    if (bth !== undefined) {
      putBluetooth(bth.btAddr, host, caller);
      put(bth.port, number);
      return bth.size;
    }
    putBluetooth(rfcomm.rc_bdaddr, host, caller);
    put(rfcomm.rc_channel, number);
    return rfcomm.size;
  }
  if (protocol === c.BTPROTO_HCI) {
    const [device, channel = 0] = Array.isArray(address) ? bluetoothParts(address, 1, 2, caller) : [address];
    put(hci.hci_dev, bluetoothInt(device ?? '', caller));
    put(hci.hci_channel, bluetoothInt(channel, caller));
    return hci.size;
  }
  if (protocol === c.BTPROTO_SCO) {
    // Here alone, Python up to 3.13 wants bytes.
    const text = address instanceof Uint8Array ? Buffer.from(address).toString('latin1') : address;
    putBluetooth(sco.sco_bdaddr, text, caller);
    return sco.size;
  }
  throw new OSError(`${caller}(): unknown Bluetooth protocol`);
}

function unpackBluetooth(_length: number, protocol: number): Address {
  if (protocol === c.BTPROTO_L2CAP) {
    const [host, psm] = [getBluetooth(l2.l2_bdaddr), get(l2.l2_psm, true)];
    const [cid, type] = [get(l2.l2_cid, true), get(l2.l2_bdaddr_type)];
    if (type !== c.BDADDR_BREDR) return [host, psm, cid, type];
    return cid === 0 ? [host, psm] : [host, psm, cid];
  }
  if (protocol === c.BTPROTO_RFCOMM) {
    if (bth !== undefined) return [getBluetooth(bth.btAddr), get(bth.port)];
    return [getBluetooth(rfcomm.rc_bdaddr), get(rfcomm.rc_channel)];
  }
  if (protocol === c.BTPROTO_HCI) {
    const channel = get(hci.hci_channel);
    return channel === 0 ? get(hci.hci_dev) : [get(hci.hci_dev), channel];
  }
  if (protocol === c.BTPROTO_SCO) return getBluetooth(sco.sco_bdaddr);
  throw new ValueError('Unknown Bluetooth protocol');
}

/** undefined stands for a number that this platform lacks. */
export const bluetoothFamily: readonly [family: number | undefined, Family] = [
  c.AF_BLUETOOTH,
  { layout: l2 ?? bth, pack: packBluetooth, unpack: unpackBluetooth },
];

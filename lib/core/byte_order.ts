import { endianness } from 'node:os';

/** Whether this machine's numbers begin with their lowest byte: what DataView has to be told. */
export const LITTLE_ENDIAN = endianness() === 'LE';

/** A scenario: what the raw stream gives and takes, and what is done to the file over it. Each is added to `scenarios`. */
import type { TextOptions } from '../../../lib/io/io.js';

/** Bytes in JSON: one Latin-1 character each. */
export interface Packed {
  bytes: string;
}
export interface Raises {
  raise: 'TimeoutError' | 'InterruptedError' | 'OSError';
}
export type Step = [name: string, ...args: unknown[]];

export interface Scenario {
  name: string;
  /** What the raw stream gives: bytes (at the end of all: the end of the file), null (it would block), an error, or a
   * number that it claims to have read. */
  chunks: (Packed | null | number | Raises)[];
  /** How many bytes each write takes (at the end of all: as many as there are). */
  accepts: (number | null | Raises)[];
  /** Whether the raw stream can be read and written. */
  modes: 'r' | 'w' | 'rw' | '';
  kind: 'raw' | 'reader' | 'writer' | 'pair';
  /** The buffer's size. */
  size: number;
  /** Options of a TextIOWrapper over it all; null: none. */
  text: TextOptions | null;
  steps: Step[];
}

export const b = (bytes: string): Packed => ({ bytes });
export const timeout: Raises = { raise: 'TimeoutError' };
export const interrupt: Raises = { raise: 'InterruptedError' };
export const failure: Raises = { raise: 'OSError' };

export const scenarios: Scenario[] = [];

export function add(name: string, given: Partial<Scenario>): void {
  scenarios.push({
    name,
    chunks: [],
    accepts: [],
    modes: 'rw',
    kind: 'reader',
    size: 8,
    text: null,
    steps: [],
    ...given,
  });
}
export const reader = (name: string, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`reader: ${name}`, { chunks, steps });
export const writer = (name: string, accepts: Scenario['accepts'], ...steps: Step[]) =>
  add(`writer: ${name}`, { kind: 'writer', accepts, steps });
export const text = (name: string, options: TextOptions, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`text: ${name}`, { text: options, chunks, steps });
export const textOut = (name: string, options: TextOptions, ...steps: Step[]) =>
  add(`text: ${name}`, { text: options, kind: 'writer', steps });

/**
 * File objects: what socket.makefile() needs of Python's io module, synchronous, on raw files that a subclass of
 * RawIOBase supplies. Texts of errors, partial results and what a timeout leaves behind are CPython's.
 * @see Python io
 */
export { BufferedIOBase, DEFAULT_BUFFER_SIZE, IOBase, RawIOBase } from './base.js';
export { BufferedReader, BufferedRWPair, BufferedWriter } from './buffered.js';
export { TextIOWrapper, type TextOptions } from './text.js';

/**
 * File objects: what socket.makefile() needs of Python's io module, synchronous, on raw files that a subclass of
 * RawIOBase supplies. Texts of errors, partial results and what a timeout leaves behind are CPython's.
 * @see Python io
 */
export { BufferedIOBase, DEFAULT_BUFFER_SIZE, IOBase, RawIOBase } from './_io_base.js';
export { BufferedReader, BufferedRWPair, BufferedWriter } from './_io_buffered.js';
export { TextIOWrapper, type TextOptions } from './_io_text.js';

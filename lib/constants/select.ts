/** The constants of Python's select module that Linux has. */
export * from './generated/select.js';

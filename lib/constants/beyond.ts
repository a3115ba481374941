/** The constants that are not in Python's socket module, with the kernel's names. What Linux lacks is not listed. */
export * from './generated/beyond.js';

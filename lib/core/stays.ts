/**
 * Keeps objects from being cloned.
 *
 * structuredClone and postMessage copy an object's own enumerable properties and nothing else: of a socket they would make
 * an object without a descriptor and without methods. A symbol is what they refuse, with its description in the
 * DataCloneError. So each object that a copy would be dead of has one symbol of its module as a property. Unlike a property
 * that throws when it is read, a symbol disturbs neither JSON nor `{...object}` nor deepEqual.
 */

/**
 * The symbol for a class's `_stays`.
 * V8 leaves out the middle of what is longer than some 130 characters with 'Symbol()'.
 * @param what the object, as a noun with its article: 'a socket'
 * @param instead what the program should do, as an imperative
 */
export function stays(what: string, instead: string): symbol {
  return Symbol(`${what} belongs to one thread: ${instead}`);
}

/** For a class whose objects stand for no descriptor that could be sent in their place. */
export function staysWith(what: string): symbol {
  return stays(what, 'make one there');
}

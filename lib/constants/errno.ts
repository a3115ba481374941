/**
 * Python's errno module: the system's error numbers by name, and the names by number.
 * @see Python errno; errno(3)
 */
import { constants } from './table.js';

// biome-ignore format: a list, to be read row by row
export const {
  E2BIG, EACCES, EADDRINUSE, EADDRNOTAVAIL, EADV, EAFNOSUPPORT, EAGAIN, EALREADY, EBADE, EBADF, EBADFD, EBADMSG,
  EBADR, EBADRQC, EBADSLT, EBFONT, EBUSY, ECANCELED, ECHILD, ECHRNG, ECOMM, ECONNABORTED, ECONNREFUSED, ECONNRESET,
  EDEADLK, EDEADLOCK, EDESTADDRREQ, EDOM, EDOTDOT, EDQUOT, EEXIST, EFAULT, EFBIG, EHOSTDOWN, EHOSTUNREACH, EHWPOISON,
  EIDRM, EILSEQ, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EISDIR, EISNAM, EKEYEXPIRED, EKEYREJECTED, EKEYREVOKED,
  EL2HLT, EL2NSYNC, EL3HLT, EL3RST, ELIBACC, ELIBBAD, ELIBEXEC, ELIBMAX, ELIBSCN, ELNRNG, ELOOP, EMEDIUMTYPE, EMFILE,
  EMLINK, EMSGSIZE, EMULTIHOP, ENAMETOOLONG, ENAVAIL, ENETDOWN, ENETRESET, ENETUNREACH, ENFILE, ENOANO, ENOBUFS,
  ENOCSI, ENODATA, ENODEV, ENOENT, ENOEXEC, ENOKEY, ENOLCK, ENOLINK, ENOMEDIUM, ENOMEM, ENOMSG, ENONET, ENOPKG,
  ENOPROTOOPT, ENOSPC, ENOSR, ENOSTR, ENOSYS, ENOTBLK, ENOTCONN, ENOTDIR, ENOTEMPTY, ENOTNAM, ENOTRECOVERABLE,
  ENOTSOCK, ENOTSUP, ENOTTY, ENOTUNIQ, ENXIO, EOPNOTSUPP, EOVERFLOW, EOWNERDEAD, EPERM, EPFNOSUPPORT, EPIPE, EPROTO,
  EPROTONOSUPPORT, EPROTOTYPE, ERANGE, EREMCHG, EREMOTE, EREMOTEIO, ERESTART, ERFKILL, EROFS, ESHUTDOWN,
  ESOCKTNOSUPPORT, ESPIPE, ESRCH, ESRMNT, ESTALE, ESTRPIPE, ETIME, ETIMEDOUT, ETOOMANYREFS, ETXTBSY, EUCLEAN, EUNATCH,
  EUSERS, EWOULDBLOCK, EXDEV, EXFULL,
} = constants.errno;

/** Where two names have one number, CPython's `errorcode` knows the other one. */
const ALIASES = ['EWOULDBLOCK', 'EDEADLK', 'EOPNOTSUPP'];

/**
 * The name of an error number: `errorcode[errno.ECONNREFUSED] === 'ECONNREFUSED'`.
 * @see Python errno.errorcode
 */
export const errorcode: Readonly<Record<number, string>> = nameByNumber();

function nameByNumber(): Record<number, string> {
  const names: Record<number, string> = Object.create(null);
  for (const alias of ALIASES) {
    const value = constants.errno[alias];
    if (value !== undefined) names[value] = alias;
  }
  for (const [name, value] of Object.entries(constants.errno)) {
    if (!ALIASES.includes(name)) names[value] = name;
  }
  return Object.freeze(names);
}

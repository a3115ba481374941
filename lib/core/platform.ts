/** What differs between systems and is asked for in several places. */
import { native } from '../addon/binary.js';

/** Windows, where a socket's number is a handle, and no call sleeps in the kernel (docs/platforms.md). */
export const IS_WINDOWS: boolean = process.platform === 'win32';

/** What a call on a descriptor comes to that is not open: -EBADF; on Windows, where it is no socket then, -WSAENOTSOCK. */
export const BAD_FD: number = native.constants.codes.BAD_FD;

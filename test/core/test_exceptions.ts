/** How exceptions are made: what the texts and classes are, the tests of the calls that raise them say. */
import test from 'ava';
import { withoutStack } from '../../lib/core/exceptions.js';

test.serial('an error that cannot be made leaves the stacks of later errors alone', (t) => {
  const limit = Error.stackTraceLimit;
  t.throws(
    () =>
      withoutStack(() => {
        throw new RangeError('no memory');
      }),
    { instanceOf: RangeError, message: 'no memory' },
  );
  t.is(Error.stackTraceLimit, limit);
});

"""Runs test modules and writes what becomes of each test to a file, one JSON object a line. The same for CPython and
for the host: `run.py EVENTS SKIPS MODULE …`, where SKIPS is a JSON file with the names of tests to leave out."""
import faulthandler
import json
import os
import sys
import unittest

DEADLINE_S = 100
RANK = {"passed": 0, "skipped": 1, "failed": 2}


class Events(unittest.TestResult):
    def __init__(self, path):
        super().__init__()
        self.file = open(path, "a", buffering=1)
        self.outcome = None

    def write(self, **event):
        self.file.write(json.dumps(event) + "\n")

    def note(self, test, outcome, detail=""):
        if isinstance(test, unittest.TestCase) and self.outcome is not None:
            # A test that fails and whose clean-up fails too, or with several failing parts, has failed once.
            self.outcome = max((outcome, detail), self.outcome, key=lambda each: RANK[each[0]])
        else:
            # A class or a module whose set-up failed, or was skipped: no test was begun.
            self.write(test=test.id(), outcome=outcome, detail=detail)

    def startTest(self, test):
        super().startTest(test)
        faulthandler.dump_traceback_later(DEADLINE_S, exit=True)
        self.write(start=test.id())
        self.outcome = ("passed", "")

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()
        outcome, detail = self.outcome
        self.outcome = None
        self.write(test=test.id(), outcome=outcome, detail=detail, ran=True)

    def addError(self, test, err):
        self.note(test, "failed", self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        self.note(test, "failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note(test, "failed", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self.note(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        self.note(test, "failed", "unexpected success")


def tests_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_of(each)
        else:
            yield each


def open_sockets():
    """The sockets that are open in this process, by what the kernel calls them."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.append(target)
    return found


def main(events, skips, *modules):
    with open(skips) as file:
        skipped = set(json.load(file))
    result = Events(events)
    before = set(open_sockets())
    for name in modules:
        loaded = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
        unwanted = [test for test in tests_of(loaded) if test.id() in skipped]
        for test in unwanted:
            remove(loaded, test)
        loaded.run(result)
    from test import support

    support.gc_collect()
    result.write(leaked=len(set(open_sockets()) - before))


def remove(suite, test):
    """Takes a test out of a suite: suites stay as they are nested, for set-up goes by class."""
    for index, each in enumerate(suite._tests):
        if each is test:
            del suite._tests[index]
            return True
        if isinstance(each, unittest.TestSuite) and remove(each, test):
            return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])

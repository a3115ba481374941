"""Encodes the host names of core/test_idna.ts with Python's own codec: a JSON list in, a JSON list out."""

import json
import sys


def encode(name):
    try:
        return name.encode("idna").decode("latin-1")
    except UnicodeError as error:
        # The texts of later versions are others: of 3.13 on, with the position.
        return {"error": str(error) if sys.version_info < (3, 12) else "UnicodeError"}


json.dump([encode(name) for name in json.load(sys.stdin)], sys.stdout)

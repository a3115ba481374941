raise ImportError("the library has no ssl module yet")

// CPython in this process, on a thread of its own.
#ifndef BERKELEY_CONFORMANCE_PYTHON_H_
#define BERKELEY_CONFORMANCE_PYTHON_H_

#include <string>
#include <vector>

namespace conformance {

// Runs the interpreter as the program python3 would run with these arguments, of which the first is its own path;
// `start` is Python code that runs before anything else does. Returns the exit status.
int RunPython(const std::vector<std::string>& arguments, const std::string& start);

}  // namespace conformance

#endif  // BERKELEY_CONFORMANCE_PYTHON_H_

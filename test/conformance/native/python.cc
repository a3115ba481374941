// The Python side of the host: the built-in module `_host`, through which the shims call into Node, and the
// interpreter's life.
#define PY_SSIZE_T_CLEAN
#include "python.h"

#include <Python.h>
#include <dlfcn.h>

#include <utility>

#include "mailboxes.h"

namespace conformance {
namespace {

// How long a waiting thread leaves Python's signal handlers unattended.
constexpr int kSliceMs = 20;

PyObject* answer_question = nullptr;

// The calling thread's worker, which goes back to the pool with the thread.
struct ThreadWorker {
  Worker* worker = nullptr;
  Mailbox mailbox;
  ~ThreadWorker() {
    if (worker != nullptr) ThePool().Release(worker);
  }
};

ThreadWorker& ThisThread() {
  thread_local ThreadWorker* here = nullptr;
  thread_local std::unique_ptr<ThreadWorker> owner;
  if (here == nullptr) {
    owner = std::make_unique<ThreadWorker>();
    here = owner.get();
  }
  if (here->worker == nullptr) {
    Py_BEGIN_ALLOW_THREADS here->worker = ThePool().Acquire();
    Py_END_ALLOW_THREADS
  }
  return *here;
}

// Asks Python what a worker wants to know, and sends the reply.
void Answer(Mailbox* mailbox, const Letter& letter) {
  PyObject* reply = PyObject_CallFunction(answer_question, "iy#", letter.from->id(), letter.bytes.data(),
                                          static_cast<Py_ssize_t>(letter.bytes.size()));
  char* bytes;
  Py_ssize_t length;
  if (reply == nullptr || PyBytes_AsStringAndSize(reply, &bytes, &length) != 0) {
    // The function catches what it can be asked; a failure here is the host's own.
    PyErr_Print();
    Py_FatalError("the conformance host could not answer a worker");
  }
  letter.from->Put({Task::kReply, mailbox, std::string(bytes, static_cast<size_t>(length))});
  Py_DECREF(reply);
}

// Waits for the answer. ADAPTED: signal handlers run while a thread waits, as they do in a blocking call of CPython's;
// what one of them raises is raised when the answer has come.
PyObject* AwaitAnswer(Mailbox* mailbox) {
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  for (;;) {
    Letter letter;
    bool came;
    Py_BEGIN_ALLOW_THREADS came = mailbox->Take(&letter, kSliceMs);
    Py_END_ALLOW_THREADS if (came && letter.is_question) { Answer(mailbox, letter); }
    else if (came) {
      if (type != nullptr) {
        PyErr_Restore(type, value, trace);
        return nullptr;
      }
      return PyBytes_FromStringAndSize(letter.bytes.data(), static_cast<Py_ssize_t>(letter.bytes.size()));
    }
    else if (type == nullptr && PyErr_CheckSignals() != 0) {
      PyErr_Fetch(&type, &value, &trace);
    }
  }
}

// call(worker, bytes) -> bytes. Has a worker (-1: this thread's own) carry out a call.
PyObject* Call(PyObject*, PyObject* args) {
  int id;
  Py_buffer bytes;
  if (!PyArg_ParseTuple(args, "iy*", &id, &bytes)) return nullptr;
  ThreadWorker& here = ThisThread();
  Worker* worker = id < 0 ? here.worker : ThePool().Find(id);
  std::string text(static_cast<const char*>(bytes.buf), static_cast<size_t>(bytes.len));
  PyBuffer_Release(&bytes);
  worker->Put({Task::kCall, &here.mailbox, std::move(text)});
  return AwaitAnswer(&here.mailbox);
}

// note(worker, bytes). Tells a worker something and does not wait.
PyObject* Note(PyObject*, PyObject* args) {
  int id;
  Py_buffer bytes;
  if (!PyArg_ParseTuple(args, "iy*", &id, &bytes)) return nullptr;
  std::string text(static_cast<const char*>(bytes.buf), static_cast<size_t>(bytes.len));
  PyBuffer_Release(&bytes);
  ThePool().Find(id)->Put({Task::kNote, nullptr, std::move(text)});
  Py_RETURN_NONE;
}

// worker() -> int. The number of this thread's worker.
PyObject* OwnWorker(PyObject*, PyObject*) { return PyLong_FromLong(ThisThread().worker->id()); }

// acquire() -> int. A worker that is no thread's own, until release(worker).
PyObject* AcquireWorker(PyObject*, PyObject*) {
  Worker* worker;
  Py_BEGIN_ALLOW_THREADS worker = ThePool().Acquire();
  Py_END_ALLOW_THREADS return PyLong_FromLong(worker->id());
}

PyObject* ReleaseWorker(PyObject*, PyObject* number) {
  long id = PyLong_AsLong(number);
  if (id == -1 && PyErr_Occurred() != nullptr) return nullptr;
  ThePool().Release(ThePool().Find(static_cast<int>(id)));
  Py_RETURN_NONE;
}

// unraisable(exception, object). Reports what Python code has raised where nobody can catch it, as CPython's C code
// does.
PyObject* Unraisable(PyObject*, PyObject* args) {
  PyObject *exception, *object;
  if (!PyArg_ParseTuple(args, "OO", &exception, &object)) return nullptr;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
  PyErr_WriteUnraisable(object);
  Py_RETURN_NONE;
}

// answer_with(function): what answers workers' questions, from a worker's number and bytes to bytes.
PyObject* AnswerWith(PyObject*, PyObject* function) {
  Py_INCREF(function);
  Py_XSETREF(answer_question, function);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"call", Call, METH_VARARGS, nullptr},        {"note", Note, METH_VARARGS, nullptr},
    {"worker", OwnWorker, METH_NOARGS, nullptr},  {"acquire", AcquireWorker, METH_NOARGS, nullptr},
    {"release", ReleaseWorker, METH_O, nullptr},  {"unraisable", Unraisable, METH_VARARGS, nullptr},
    {"answer_with", AnswerWith, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_host", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyObject* CreateModule() { return PyModule_Create(&definition); }

void Configure(PyConfig* config, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  PyStatus status = PyConfig_SetBytesArgv(config, static_cast<Py_ssize_t>(argv.size()), argv.data());
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesString(config, &config->program_name, arguments[0].c_str());
  }
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

}  // namespace

int RunPython(const std::vector<std::string>& arguments, const std::string& start) {
  // Python's extension modules expect its library's names to be there for all; Node loads an addon for itself alone.
  if (dlopen(LIBPYTHON, RTLD_NOW | RTLD_GLOBAL) == nullptr) return 127;
  PyImport_AppendInittab("_host", CreateModule);
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  Configure(&config, arguments);
  PyStatus status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
  if (PyRun_SimpleString(start.c_str()) != 0) return 126;
  return Py_RunMain();
}

}  // namespace conformance

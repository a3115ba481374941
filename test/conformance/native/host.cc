// The Node side of the host.
//
//   main thread:  run(arguments, start, workers, wantWorker, ended)   starts Python, for which so many workers are
//                 there; wantWorker() asks for one more
//   a worker:     join() -> id                     take its place in the pool
//                 take() -> [isCall, Buffer] | null            wait for what is to be done; null: nothing more will be
//                 answer(Buffer)                   the answer to the call that was taken last
//                 ask(Buffer, serve) -> Buffer     ask the caller; serve(Buffer) -> Buffer carries out what it calls
//                                                  before it replies
#include <node_api.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "mailboxes.h"
#include "python.h"

namespace conformance {
namespace {

thread_local Worker* here = nullptr;
// Who waits for the call that this worker carries out now.
thread_local Mailbox* caller = nullptr;

void Require(napi_status status) {
  if (status != napi_ok && status != napi_pending_exception) abort();
}

std::vector<napi_value> Arguments(napi_env env, napi_callback_info info, size_t count) {
  std::vector<napi_value> values(count);
  Require(napi_get_cb_info(env, info, &count, values.data(), nullptr, nullptr));
  return values;
}

std::string Text(napi_env env, napi_value value) {
  size_t length;
  Require(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  Require(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

std::string Bytes(napi_env env, napi_value value) {
  void* data;
  size_t length;
  Require(napi_get_buffer_info(env, value, &data, &length));
  return std::string(static_cast<char*>(data), length);
}

napi_value ToBuffer(napi_env env, const std::string& bytes) {
  napi_value buffer;
  Require(napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &buffer));
  return buffer;
}

napi_value Undefined(napi_env env) {
  napi_value value;
  Require(napi_get_undefined(env, &value));
  return value;
}

napi_threadsafe_function ThreadSafe(napi_env env, napi_value function, napi_threadsafe_function_call_js call) {
  napi_value name;
  napi_threadsafe_function result;
  Require(napi_create_string_utf8(env, "conformance", NAPI_AUTO_LENGTH, &name));
  Require(
      napi_create_threadsafe_function(env, function, nullptr, name, 0, 1, nullptr, nullptr, nullptr, call, &result));
  return result;
}

// A Python program has ended: the exit status travels in the pointer.
void CallEnded(napi_env env, napi_value function, void*, void* data) {
  napi_value status;
  Require(napi_create_int32(env, static_cast<int32_t>(reinterpret_cast<intptr_t>(data)), &status));
  Require(napi_call_function(env, Undefined(env), function, 1, &status, nullptr));
}

napi_value Run(napi_env env, napi_callback_info info) {
  std::vector<napi_value> values = Arguments(env, info, 5);
  std::vector<std::string> arguments;
  uint32_t count, workers;
  Require(napi_get_value_uint32(env, values[2], &workers));
  ThePool().Expect(workers);
  Require(napi_get_array_length(env, values[0], &count));
  for (uint32_t i = 0; i < count; i++) {
    napi_value each;
    Require(napi_get_element(env, values[0], i, &each));
    arguments.push_back(Text(env, each));
  }
  napi_threadsafe_function want = ThreadSafe(env, values[3], nullptr);
  napi_threadsafe_function ended = ThreadSafe(env, values[4], CallEnded);
  ThePool().want_more = [want] { Require(napi_call_threadsafe_function(want, nullptr, napi_tsfn_blocking)); };
  std::thread([arguments, start = Text(env, values[1]), ended] {
    int status = RunPython(arguments, start);
    ThePool().QuitAll();
    Require(napi_call_threadsafe_function(ended, reinterpret_cast<void*>(static_cast<intptr_t>(status)),
                                          napi_tsfn_blocking));
  }).detach();
  return Undefined(env);
}

napi_value Join(napi_env env, napi_callback_info) {
  napi_value id;
  here = ThePool().Join();
  Require(napi_create_int32(env, here->id(), &id));
  return id;
}

napi_value Take(napi_env env, napi_callback_info) {
  Task task = here->Take(nullptr);
  napi_value result, is_call;
  if (task.kind == Task::kQuit) {
    Require(napi_get_null(env, &result));
    return result;
  }
  caller = task.from;
  Require(napi_create_array_with_length(env, 2, &result));
  Require(napi_get_boolean(env, task.kind == Task::kCall, &is_call));
  Require(napi_set_element(env, result, 0, is_call));
  Require(napi_set_element(env, result, 1, ToBuffer(env, task.bytes)));
  return result;
}

napi_value Reply(napi_env env, napi_callback_info info) {
  caller->Put({false, here, Bytes(env, Arguments(env, info, 1)[0])});
  return Undefined(env);
}

napi_value Ask(napi_env env, napi_callback_info info) {
  std::vector<napi_value> values = Arguments(env, info, 2);
  Mailbox* asked = caller;
  asked->Put({true, here, Bytes(env, values[0])});
  for (;;) {
    Task task = here->Take(asked);
    napi_value bytes = ToBuffer(env, task.bytes);
    if (task.kind == Task::kReply) return bytes;
    napi_value answer;
    if (napi_call_function(env, Undefined(env), values[1], 1, &bytes, &answer) != napi_ok) return nullptr;
    caller = asked;
    asked->Put({false, here, Bytes(env, answer)});
  }
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  Require(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function));
  Require(napi_set_named_property(env, exports, name, function));
}

napi_value Init(napi_env env, napi_value exports) {
  Export(env, exports, "run", Run);
  Export(env, exports, "join", Join);
  Export(env, exports, "take", Take);
  Export(env, exports, "answer", Reply);
  Export(env, exports, "ask", Ask);
  return exports;
}

}  // namespace
}  // namespace conformance

NAPI_MODULE(NODE_GYP_MODULE_NAME, conformance::Init)

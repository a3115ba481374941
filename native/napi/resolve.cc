// Awaited name resolution, on libuv's own pool of threads.
#include <memory>
#include <string>
#include <vector>

#include "args.h"
#include "names.h"
#include "os/os.h"

namespace berkeley::napi {

namespace {

// One question on its way through libuv's pool. `Ask` runs there and knows no Node-API. (A function that is called, and
// no promise: one that is pending when the environment ends could not be freed.)
template <typename Answer>
struct Question {
  napi_async_work work = nullptr;
  napi_ref answered = nullptr;
  int code = 0;
  Answer answer;
};

template <typename Answer>
void Execute(napi_env, void* data) {
  auto* question = static_cast<Question<Answer>*>(data);
  question->code = question->answer.Ask();
}

template <typename Answer>
void Complete(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Question<Answer>> question(static_cast<Question<Answer>*>(data));
  const napi_value answered = Referred(env, question->answered);
  napi_delete_reference(env, question->answered);
  napi_delete_async_work(env, question->work);
  if (status != napi_ok) return;  // the environment ends, and nobody is left to hear it
  napi_value result = question->code < 0 ? Number(env, question->code) : question->answer.Pack(env);
  napi_value nobody = nullptr;
  napi_get_undefined(env, &nobody);
  napi_call_function(env, nobody, answered, 1, &result, nullptr);
}

// Asks, and calls `answered` with the answer or a negative code. 0, or a negative code if it could not be asked.
template <typename Answer>
napi_value Ask(napi_env env, Answer answer, napi_value answered) {
  auto question = std::make_unique<Question<Answer>>();
  question->answer = std::move(answer);
  if (napi_create_reference(env, answered, 1, &question->answered) != napi_ok) return Number(env, -ENOMEM);
  const napi_status status = napi_create_async_work(env, nullptr, Text(env, "berkeley.resolve"), Execute<Answer>,
                                                    Complete<Answer>, question.get(), &question->work);
  if (status == napi_ok && napi_queue_async_work(env, question->work) == napi_ok) {
    question.release();
    return Number(env, 0);
  }
  if (question->work != nullptr) napi_delete_async_work(env, question->work);
  napi_delete_reference(env, question->answered);
  return Number(env, -ENOMEM);
}

struct AddressesOf {
  std::optional<std::string> host, service;
  int family, type, protocol, flags;
  std::vector<os::AddressInfo> found;

  int Ask() { return os::GetAddrInfo(OrNull(host), OrNull(service), family, type, protocol, flags, &found); }
  napi_value Pack(napi_env env) const { return PackAddressInfos(env, found); }
};

napi_value ResolveAddress(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  AddressesOf question = {
      args.ByteTextOrNull(0), args.ByteTextOrNull(1), args.Int(2), args.Int(3), args.Int(4), args.Int(5), {}};
  args.RequireFunction(6);
  if (args.Failed()) return nullptr;
  return Ask(env, std::move(question), args.value(6));
}

struct NamesOf {
  std::vector<uint8_t> address;
  int flags;
  std::string host, service;

  int Ask() { return os::GetNameInfo(address.data(), static_cast<uint32_t>(address.size()), flags, &host, &service); }
  napi_value Pack(napi_env env) const { return PackNames(env, host, service); }
};

napi_value ResolveName(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const Bytes address = args.Head(0, 1);
  const int flags = args.Int(2);
  args.RequireFunction(3);
  if (args.Failed()) return nullptr;
  return Ask(env, NamesOf{{address.data, address.data + address.size}, flags, {}, {}}, args.value(3));
}

constexpr Binding kRows[] = {
    {"resolveAddress", ResolveAddress},
    {"resolveName", ResolveName},
};

}  // namespace

const BindingList kResolveBindings = ListOf(kRows);

}  // namespace berkeley::napi

// Awaited name resolution runs in libuv's pool.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "args.h"
#include "names.h"
#include "os/os.h"

namespace berkeley::napi {

namespace {

// One question on its way through the pool, which deletes itself once it is answered. `Ask` runs there and knows no
// Node-API; the function of JavaScript is called with what `Pack` makes of the answer, or with a negative code. (A
// function, and no promise: one that is pending when the environment ends could not be freed.)
template <typename Answer>
class Question final : public Napi::AsyncWorker {
 public:
  Question(const Napi::Function& answered, Answer answer)
      : Napi::AsyncWorker(answered, "berkeley.resolve"), answer_(std::move(answer)) {}

  void Execute() override { code_ = answer_.Ask(); }
  std::vector<napi_value> GetResult(Napi::Env env) override {
    return {code_ < 0 ? Number(env, code_) : answer_.Pack(env)};
  }

 private:
  Answer answer_;
  int code_ = 0;
};

template <typename Answer>
napi_value Ask(const ArgReader& args, Answer answer, size_t answered) {
  const Napi::Function function(args.env(), args.value(answered));
  (new Question<Answer>(function, std::move(answer)))->Queue();
  return nullptr;
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
  return Ask(args, std::move(question), 6);
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
  return Ask(args, NamesOf{{address.data, address.data + address.size}, flags, {}, {}}, 3);
}

constexpr Binding kRows[] = {
    {"resolveAddress", ResolveAddress},
    {"resolveName", ResolveName},
};

}  // namespace

const BindingList kResolveBindings = ListOf(kRows);

}  // namespace berkeley::napi

// The bindings of completions: many operations in one call.
#include "proactor.h"

#include "args.h"

namespace berkeley::napi {

Completions::~Completions() { napi_delete_reference(env_, memory_); }

int Completions::Add(os::Fd fd, Claim claim) {
  if (claim <= 0) return os::kInvalid;
  auto use = std::make_unique<UseScope>(fd, claim);
  if (!use->holds()) return os::kBadFd;
  const int token = proactor_->Add(fd);
  if (token >= 0) used_[token] = Used{std::move(use), fd, claim};
  return token;
}

int Completions::Remove(int32_t token, int code) {
  const int result = proactor_->Remove(token, code);
  used_.erase(token);
  return result;
}

// JavaScript may have transferred the memory away.
uint8_t* Completions::Memory() const {
  napi_value view = nullptr;
  Bytes bytes;
  if (napi_get_reference_value(env_, memory_, &view) != napi_ok || view == nullptr) return nullptr;
  return GetBytes(env_, view, &bytes) && bytes.size == size_.Bytes() ? bytes.data : nullptr;
}

void Completions::LookForEndings() {
  endings_ = EndingsInUse();
  for (auto each = used_.begin(); each != used_.end();) {
    const auto& [token, used] = *each;
    if (Owns(state_, used.fd, used.claim)) {
      ++each;
      continue;
    }
    proactor_->Remove(token, os::kBadFd);
    each = used_.erase(each);
  }
}

int Completions::Submit() {
  uint8_t* memory = Memory();
  if (memory == nullptr) return os::kInvalid;
  proactor_->Submit(memory);
  return 0;
}

void Completions::Settle(const uint8_t* memory, int count) {
  const uint8_t* row = memory + sizeof(os::Header) + size_.entries * sizeof(os::Submission);
  for (int i = 0; i < count; ++i, row += sizeof(os::Completion)) {
    const auto& completion = *reinterpret_cast<const os::Completion*>(row);
    if (completion.operation == os::kOpAccept) New(state_, completion.result);
    if (completion.operation == os::kOpClose) used_.erase(completion.token);
  }
}

int Completions::Turn(int timeout_ms) {
  uint8_t* memory = Memory();
  if (memory == nullptr) return os::kInvalid;
  if (endings_ != EndingsInUse()) LookForEndings();
  const int count = proactor_->Turn(memory, timeout_ms);
  if (reinterpret_cast<const os::Header*>(memory)->special > 0) Settle(memory, count);
  return count;
}

namespace {

// Returns nullptr if there is no such proactor.
Completions* Find(const ArgReader& args, int number) {
  const auto& all = args.state().proactors;
  return number >= 0 && static_cast<size_t>(number) < all.size() ? all[number].get() : nullptr;
}

// Memory that another thread could write to while a turn goes on is refused.
bool IsShared(napi_env env, napi_value view) {
  napi_value memory = nullptr;
  bool is_own = false;
  napi_get_typedarray_info(env, view, nullptr, nullptr, nullptr, &memory, nullptr);
  return napi_is_arraybuffer(env, memory, &is_own) != napi_ok || !is_own;
}

int Create(napi_env env, State* state, napi_value view, const Bytes& memory, const os::ProactorSize& size) {
  if (size.entries == 0 || size.buffers == 0 || size.buffer_size == 0) return os::kInvalid;
  const bool aligned = reinterpret_cast<uintptr_t>(memory.data) % alignof(os::Header) == 0;
  if (memory.size != size.Bytes() || !aligned || IsShared(env, view)) return os::kInvalid;
  int error = 0;
  auto proactor = os::CreateProactor(size, &error);
  if (proactor == nullptr) return error;
  // The descriptor is new to the process: what was claimed of its number is outdated.
  if (proactor->Watched() >= 0) Forget(proactor->Watched());
  napi_ref reference = nullptr;
  if (napi_create_reference(env, view, 1, &reference) != napi_ok) return os::kNoMemory;
  state->proactors.push_back(std::make_unique<Completions>(env, state, reference, size, std::move(proactor)));
  return static_cast<int>(state->proactors.size() - 1);
}

napi_value ProactorCreate(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const Bytes memory = args.View(0);
  const auto entries = static_cast<size_t>(args.Count(1, os::kMaxEntries));
  const auto buffers = static_cast<size_t>(args.Count(2, os::kMaxBuffers));
  const auto buffer_size = static_cast<size_t>(args.Count(3, os::kMaxBufferSize));
  if (args.Failed()) return nullptr;
  return Number(env, Create(env, &args.state(), args.value(0), memory, {entries, buffers, buffer_size}));
}

napi_value ProactorClose(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int number = args.Int(0);
  if (args.Failed()) return nullptr;
  if (Find(args, number) == nullptr) return Number(env, os::kInvalid);
  args.state().proactors[number].reset();
  return Number(env, 0);
}

napi_value ProactorAdd(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int number = args.Int(0), fd = args.Int(1);
  const Claim claim = args.Offset(2);
  if (args.Failed()) return nullptr;
  Completions* proactor = Find(args, number);
  return Number(env, proactor == nullptr ? os::kInvalid : proactor->Add(fd, claim));
}

// What is under way completes with -EBADF if the descriptor is closed, else with -ECANCELED.
napi_value ProactorRemove(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int number = args.Int(0), token = args.Int(1);
  const bool closed = args.Flag(2);
  if (args.Failed()) return nullptr;
  Completions* proactor = Find(args, number);
  const int code = closed ? os::kBadFd : os::kCanceled;
  return Number(env, proactor == nullptr ? os::kInvalid : proactor->Remove(token, code));
}

napi_value ProactorSubmit(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int number = args.Int(0);
  if (args.Failed()) return nullptr;
  Completions* proactor = Find(args, number);
  return Number(env, proactor == nullptr ? os::kInvalid : proactor->Submit());
}

napi_value ProactorTurn(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int number = args.Int(0), timeout_ms = args.Milliseconds(1);
  if (args.Failed()) return nullptr;
  Completions* proactor = Find(args, number);
  return Number(env, proactor == nullptr ? os::kInvalid : proactor->Turn(timeout_ms));
}

// Returns a descriptor that polls readable when a turn would find something; -1 if the backend has none.
napi_value ProactorWatched(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int number = args.Int(0);
  if (args.Failed()) return nullptr;
  Completions* proactor = Find(args, number);
  return Number(env, proactor == nullptr ? os::kInvalid : proactor->Watched());
}

constexpr Binding kRows[] = {
    {"proactorCreate", ProactorCreate},   {"proactorClose", ProactorClose},   {"proactorAdd", ProactorAdd},
    {"proactorRemove", ProactorRemove},   {"proactorSubmit", ProactorSubmit}, {"proactorTurn", ProactorTurn},
    {"proactorWatched", ProactorWatched},
};

}  // namespace

const BindingList kProactorBindings = ListOf(kRows);

}  // namespace berkeley::napi

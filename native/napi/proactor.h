// A proactor and what it holds of this environment: the memory that it shares with JavaScript, and the descriptors that
// it uses.
#ifndef BERKELEY_NAPI_PROACTOR_H_
#define BERKELEY_NAPI_PROACTOR_H_

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "os/proactor.h"
#include "owners.h"

namespace berkeley::napi {

class Completions {
 public:
  Completions(napi_env env, State* state, napi_ref memory, const os::ProactorSize& size,
              std::unique_ptr<os::Proactor> proactor)
      : env_(env), state_(state), memory_(memory), size_(size), proactor_(std::move(proactor)) {}
  ~Completions();

  // Returns a token for a descriptor whose claim holds, or a negative code.
  int Add(os::Fd fd, Claim claim);
  int Remove(int32_t token, int code);
  int Submit();
  int Turn(int timeout_ms);
  os::Fd Watched() const { return proactor_->Watched(); }

 private:
  struct Used {
    std::unique_ptr<UseScope> use;
    os::Fd fd;
    Claim claim;
  };

  uint8_t* Memory() const;
  // Removes the tokens whose descriptors somebody else has closed.
  void LookForEndings();
  // Claims descriptors that were accepted, and lets go of those that JavaScript is about to close.
  void Settle(const uint8_t* memory, int count);

  const napi_env env_;
  State* const state_;
  const napi_ref memory_;
  const os::ProactorSize size_;
  const std::unique_ptr<os::Proactor> proactor_;
  std::unordered_map<int32_t, Used> used_;  // by token
  uint64_t endings_ = 0;
};

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_PROACTOR_H_

// Unpacking arguments and packing results: what keeps each binding to a few lines.
//
// A binding reads all its arguments, asks `Failed()` once, makes one call and packs the result. The first bad argument
// throws (TypeError for its type, RangeError for its value); what is read after it is harmless zeros. Nothing here runs
// JavaScript, so a view stays valid from where it is read to the end of the call.
#ifndef BERKELEY_NAPI_ARGS_H_
#define BERKELEY_NAPI_ARGS_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "env.h"

namespace berkeley::napi {

struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// The memory of a Uint8Array; of any typed array. False if it is something else. A detached one has size 0.
bool GetBytes(napi_env env, napi_value value, Bytes* bytes);
bool GetInts(napi_env env, napi_value value, int32_t** ints, size_t* count);

// What does not depend on how many arguments a binding has.
class ArgReader {
 public:
  ArgReader(const ArgReader&) = delete;
  ArgReader& operator=(const ArgReader&) = delete;

  napi_env env() const { return env_; }
  State& state() const { return *state_; }
  bool Failed() const { return failed_; }

  int32_t Int(size_t index);
  // 32 bits, however the caller looks at them: -2^31 to 2^32 - 1.
  uint32_t Bits(size_t index);
  // A count, an offset: a whole number from 0 to `most`.
  int64_t Count(size_t index, int64_t most);
  int64_t Offset(size_t index);
  bool Flag(size_t index);
  // A wait for readiness. Refuses a negative one: nothing here sleeps without end.
  int Milliseconds(size_t index);
  // How patient a call is: os::kOnce, os::kSleep, or milliseconds.
  int Wait(size_t index);

  Bytes View(size_t index);
  // The first `length` bytes of a view.
  Bytes Head(size_t view, size_t length);
  // The `length` bytes of a view from `offset`.
  Bytes Part(size_t view, size_t offset, size_t length);
  // The first `count` items of an Int32Array, each of them `width` integers wide.
  int32_t* Ints(size_t view, size_t count_index, size_t width, size_t* count);

  bool IsNull(size_t index);
  void RequireFunction(size_t index);
  // Text for the C library, from bytes or from a string. One with a NUL inside is refused rather than cut.
  std::string ByteText(size_t index);
  std::string StringText(size_t index);
  std::optional<std::string> ByteTextOrNull(size_t index);
  std::optional<std::string> StringTextOrNull(size_t index);

  // Of MethodArgs alone.
  napi_value receiver() const { return receiver_; }
  napi_value value(size_t index) const { return values_[index]; }
  // Throws once; later failures keep the first exception.
  void FailType(size_t index, const char* wanted);
  void FailRange(size_t index, const char* what);
  void FailReceiver(const char* wanted);

 protected:
  ArgReader(napi_env env, napi_callback_info info, napi_value* values, size_t count);
  ArgReader(napi_env env, napi_callback_info info, napi_value* values, size_t count, napi_value* receiver);

  napi_value receiver_;

 private:
  void Read(napi_callback_info info, size_t count, napi_value* receiver);
  void RefuseNul(const std::string& text);

  napi_env env_;
  State* state_ = nullptr;
  napi_value* values_;
  bool failed_ = false;
};

template <size_t kCount>
class Args : public ArgReader {
 public:
  Args(napi_env env, napi_callback_info info) : ArgReader(env, info, storage_, kCount) {}

 private:
  napi_value storage_[kCount == 0 ? 1 : kCount];
};

// Those of a method, with what it was called on.
template <size_t kCount>
class MethodArgs : public ArgReader {
 public:
  MethodArgs(napi_env env, napi_callback_info info) : ArgReader(env, info, storage_, kCount, &receiver_) {}

 private:
  napi_value storage_[kCount == 0 ? 1 : kCount];
};

// Results.
napi_value Number(napi_env env, int64_t value);
napi_value Boolean(napi_env env, bool value);

inline const char* OrNull(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_ARGS_H_

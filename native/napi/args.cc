#include "args.h"

#include <cstdio>

namespace berkeley::napi {

namespace {

constexpr double kLargestWhole = 9007199254740991.0;  // 2^53 - 1

}  // namespace

bool GetBytes(napi_env env, napi_value value, Bytes* bytes) {
  // A kind of array that is newer than Node-API leaves `type` as it was.
  napi_typedarray_type type = napi_int8_array;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  if (type != napi_uint8_array) return false;
  *bytes = {length == 0 ? nullptr : static_cast<uint8_t*>(data), length};
  return true;
}

bool GetInts(napi_env env, napi_value value, int32_t** ints, size_t* count) {
  napi_typedarray_type type = napi_int8_array;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, count, &data, nullptr, nullptr) != napi_ok) return false;
  *ints = *count == 0 ? nullptr : static_cast<int32_t*>(data);
  return type == napi_int32_array;
}

inline void ArgReader::Read(napi_callback_info info, size_t count, napi_value* receiver) {
  size_t given = count;
  void* data = nullptr;
  napi_get_cb_info(env_, info, &given, values_, receiver, &data);
  state_ = static_cast<State*>(data);
  if (given == count) return;
  char text[64];
  snprintf(text, sizeof(text), "expected %zu arguments, got %zu", count, given);
  napi_throw_type_error(env_, nullptr, text);
  failed_ = true;
}

// Two of them: functions, which are called most, do not pay for a receiver.
ArgReader::ArgReader(napi_env env, napi_callback_info info, napi_value* values, size_t count)
    : env_(env), values_(values) {
  Read(info, count, nullptr);
}

ArgReader::ArgReader(napi_env env, napi_callback_info info, napi_value* values, size_t count, napi_value* receiver)
    : env_(env), values_(values) {
  Read(info, count, receiver);
}

void ArgReader::FailType(size_t index, const char* wanted) {
  if (failed_) return;
  char text[96];
  snprintf(text, sizeof(text), "argument %zu must be %s", index + 1, wanted);
  napi_throw_type_error(env_, nullptr, text);
  failed_ = true;
}

void ArgReader::FailRange(size_t index, const char* what) {
  if (failed_) return;
  char text[96];
  snprintf(text, sizeof(text), "argument %zu %s", index + 1, what);
  napi_throw_range_error(env_, nullptr, text);
  failed_ = true;
}

void ArgReader::FailReceiver(const char* wanted) {
  if (failed_) return;
  char text[96];
  snprintf(text, sizeof(text), "must be called on %s", wanted);
  napi_throw_type_error(env_, nullptr, text);
  failed_ = true;
}

int32_t ArgReader::Int(size_t index) {
  double number = 0;
  if (napi_get_value_double(env_, values_[index], &number) != napi_ok) return FailType(index, "a number"), 0;
  if (!(number >= INT32_MIN && number <= INT32_MAX)) return FailRange(index, "is out of range"), 0;
  const auto whole = static_cast<int32_t>(number);
  if (whole != number) return FailRange(index, "is not a whole number"), 0;
  return whole;
}

uint32_t ArgReader::Bits(size_t index) {
  double number = 0;
  if (napi_get_value_double(env_, values_[index], &number) != napi_ok) return FailType(index, "a number"), 0;
  if (!(number >= INT32_MIN && number <= UINT32_MAX)) return FailRange(index, "is out of range"), 0;
  const auto whole = static_cast<int64_t>(number);
  if (whole != number) return FailRange(index, "is not a whole number"), 0;
  return static_cast<uint32_t>(whole);
}

int64_t ArgReader::Count(size_t index, int64_t most) {
  double number = 0;
  if (napi_get_value_double(env_, values_[index], &number) != napi_ok) return FailType(index, "a number"), 0;
  if (!(number >= 0 && number <= static_cast<double>(most))) return FailRange(index, "is out of range"), 0;
  const auto whole = static_cast<int64_t>(number);
  if (whole != number) return FailRange(index, "is not a whole number"), 0;
  return whole;
}

int64_t ArgReader::Offset(size_t index) { return Count(index, static_cast<int64_t>(kLargestWhole)); }

bool ArgReader::Flag(size_t index) {
  bool flag = false;
  if (napi_get_value_bool(env_, values_[index], &flag) != napi_ok) FailType(index, "a boolean");
  return flag;
}

int ArgReader::Milliseconds(size_t index) { return static_cast<int>(Count(index, INT32_MAX)); }

int ArgReader::Wait(size_t index) {
  const int wait = Int(index);
  if (wait < os::kSleep) FailRange(index, "is out of range");
  return wait;
}

void ArgReader::RequireFunction(size_t index) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, values_[index], &type);
  if (type != napi_function) FailType(index, "a function");
}

Bytes ArgReader::View(size_t index) {
  Bytes bytes;
  if (!GetBytes(env_, values_[index], &bytes)) FailType(index, "a Uint8Array");
  return bytes;
}

Bytes ArgReader::Head(size_t view, size_t length) {
  const Bytes bytes = View(view);
  return {bytes.data, static_cast<size_t>(Count(length, static_cast<int64_t>(bytes.size)))};
}

Bytes ArgReader::Part(size_t view, size_t offset, size_t length) {
  const Bytes bytes = View(view);
  const auto size = static_cast<int64_t>(bytes.size);
  const int64_t from = Count(offset, size);
  const int64_t count = Count(length, size - from);
  return {bytes.data + from, static_cast<size_t>(count)};
}

int32_t* ArgReader::Ints(size_t view, size_t count_index, size_t width, size_t* count) {
  int32_t* ints = nullptr;
  size_t length = 0;
  if (!GetInts(env_, values_[view], &ints, &length)) FailType(view, "an Int32Array");
  *count = static_cast<size_t>(Count(count_index, static_cast<int64_t>(length / width)));
  return ints;
}

bool ArgReader::IsNull(size_t index) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_null;
}

void ArgReader::RefuseNul(const std::string& text) {
  if (failed_ || text.find('\0') == std::string::npos) return;
  napi_throw_type_error(env_, nullptr, "embedded null character");
  failed_ = true;
}

std::string ArgReader::ByteText(size_t index) {
  const Bytes bytes = View(index);
  if (failed_) return {};
  std::string text(bytes.data, bytes.data + bytes.size);
  RefuseNul(text);
  return text;
}

std::string ArgReader::StringText(size_t index) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) != napi_ok) {
    FailType(index, "a string");
    return {};
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env_, values_[index], text.data(), text.size(), &length);
  text.resize(length);
  RefuseNul(text);
  return text;
}

std::optional<std::string> ArgReader::ByteTextOrNull(size_t index) {
  if (IsNull(index)) return std::nullopt;
  return ByteText(index);
}

std::optional<std::string> ArgReader::StringTextOrNull(size_t index) {
  if (IsNull(index)) return std::nullopt;
  return StringText(index);
}

napi_value Number(napi_env env, int64_t value) {
  napi_value result = nullptr;
  if (value >= INT32_MIN && value <= INT32_MAX) {
    napi_create_int32(env, static_cast<int32_t>(value), &result);
  } else {
    napi_create_int64(env, value, &result);
  }
  return result;
}

napi_value Boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

}  // namespace berkeley::napi

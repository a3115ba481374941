#include "args.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

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

ArgReader::ArgReader(napi_env env, napi_callback_info info, napi_value* values, size_t count)
    : env_(env), values_(values) {
  size_t given = count;
  void* data = nullptr;
  napi_get_cb_info(env, info, &given, values, nullptr, &data);
  state_ = static_cast<State*>(data);
  if (given == count) return;
  char text[64];
  snprintf(text, sizeof(text), "expected %zu arguments, got %zu", count, given);
  napi_throw_type_error(env_, nullptr, text);
  failed_ = true;
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

napi_value Referred(napi_env env, napi_ref reference) {
  napi_value value = nullptr;
  napi_get_reference_value(env, reference, &value);
  return value;
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

namespace {

// How many bytes the UTF-8 character at `text` has, with its number in `point`; 0 if there is none (RFC 3629 section
// 4).
size_t Character(const uint8_t* text, size_t size, char32_t* point) {
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const uint8_t lead = text[0];
  if (lead < 0x80) return *point = lead, 1;
  const size_t length = lead >= 0xf8 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (length == 0 || length > size) return 0;
  *point = lead & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    *point = *point << 6 | (text[i] & 0x3f);
  }
  const bool surrogate = *point >= 0xd800 && *point < 0xe000;
  return *point < kLeast[length] || *point > 0x10ffff || surrogate ? 0 : length;
}

std::u16string Escaped(const std::string& text) {
  std::u16string units;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    char32_t point = 0;
    const size_t length = Character(bytes + at, text.size() - at, &point);
    if (length == 0) {
      units += static_cast<char16_t>(0xdc00 + bytes[at]);
    } else if (point < 0x10000) {
      units += static_cast<char16_t>(point);
    } else {
      units += static_cast<char16_t>(0xd7c0 + (point >> 10));
      units += static_cast<char16_t>(0xdc00 + (point & 0x3ff));
    }
    at += std::max<size_t>(length, 1);
  }
  return units;
}

}  // namespace

napi_value Text(napi_env env, const std::string& text) {
  napi_value result = nullptr;
  const bool ascii = std::all_of(text.begin(), text.end(), [](char each) { return (each & 0x80) == 0; });
  if (ascii) {
    napi_create_string_latin1(env, text.data(), text.size(), &result);
  } else {
    const std::u16string units = Escaped(text);
    napi_create_string_utf16(env, units.data(), units.size(), &result);
  }
  return result;
}

napi_value Copy(napi_env env, const uint8_t* data, size_t size) {
  napi_value buffer = nullptr;
  napi_value result = nullptr;
  void* to = nullptr;
  if (napi_create_arraybuffer(env, size, &to, &buffer) != napi_ok) return nullptr;
  if (size != 0) memcpy(to, data, size);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &result);
  return result;
}

napi_value Array(napi_env env, size_t length) {
  napi_value result = nullptr;
  napi_create_array_with_length(env, length, &result);
  return result;
}

void SetItem(napi_env env, napi_value array, size_t index, napi_value item) {
  napi_set_element(env, array, static_cast<uint32_t>(index), item);
}

}  // namespace berkeley::napi

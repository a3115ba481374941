#include "pack.h"

#include <algorithm>
#include <cstring>

namespace berkeley::napi {

namespace {

// Returns how many bytes the UTF-8 character at `text` has, and writes its number into `point`; returns 0 if the bytes
// are no character (RFC 3629 section 4).
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

Napi::Value Text(Napi::Env env, const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char each) { return (each & 0x80) == 0; });
  return ascii ? Napi::String::New(env, text) : Napi::String::New(env, Escaped(text));
}

Napi::Value Copy(Napi::Env env, const uint8_t* data, size_t size) {
  auto buffer = Napi::ArrayBuffer::New(env, size);
  if (buffer.IsEmpty()) return buffer;
  if (size != 0) memcpy(buffer.Data(), data, size);
  return Napi::Uint8Array::New(env, size, buffer, 0);
}

Napi::Array PackRow(Napi::Env env, std::initializer_list<napi_value> values) {
  const auto array = Napi::Array::New(env, values.size());
  uint32_t index = 0;
  for (const napi_value value : values) array.Set(index++, value);
  return array;
}

}  // namespace berkeley::napi

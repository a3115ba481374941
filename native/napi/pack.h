// Packs results that are made of several values.
#ifndef BERKELEY_NAPI_PACK_H_
#define BERKELEY_NAPI_PACK_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace berkeley::napi {

// From UTF-8. A byte that is none becomes a lone surrogate U+DC80 ... U+DCFF, as in Python (PEP 383), so that a name
// which the system keeps as bytes can be handed back to it. (A Napi::String would lose that: put into an object, it
// goes through UTF-8 once more.)
Napi::Value Text(Napi::Env env, const std::string& text);
// A Uint8Array of its own with a copy of the bytes.
Napi::Value Copy(Napi::Env env, const uint8_t* data, size_t size);
// An array of these values: what Python would return as a tuple.
Napi::Array PackRow(Napi::Env env, std::initializer_list<napi_value> values);

// An array of what `pack(env, item)` makes of each item.
template <typename Item, typename Pack>
Napi::Array PackAll(Napi::Env env, const std::vector<Item>& items, Pack pack) {
  const auto array = Napi::Array::New(env, items.size());
  for (size_t i = 0; i < items.size(); ++i) array.Set(static_cast<uint32_t>(i), pack(env, items[i]));
  return array;
}

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_PACK_H_

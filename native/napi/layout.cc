// Exports where the fields of C structs lie, because lib/structs/address.ts and its neighbours pack and unpack structs
// byte by byte.
#include <algorithm>
#include <string>

#include "env.h"
#include "os_headers.h"
#include "pack.h"

namespace berkeley::napi {

namespace {

// A row without a field begins a struct, and its size is the struct's.
struct Row {
  const char* structure;
  const char* field;
  size_t offset;
  size_t size;
};

#define BERKELEY_STRUCT(NAME) {#NAME, nullptr, 0, sizeof(struct NAME)},
#define BERKELEY_FIELD(NAME, FIELD) \
  {#NAME, #FIELD, offsetof(struct NAME, FIELD), sizeof(static_cast<struct NAME*>(nullptr)->FIELD)},
#define BERKELEY_FIELD_AS(NAME, FIELD, OFFSET, SIZE) {#NAME, #FIELD, OFFSET, SIZE},
constexpr Row kRows[] = {
#include "constants/layout.h"
#include "os_layout.h"
};
#undef BERKELEY_STRUCT
#undef BERKELEY_FIELD
#undef BERKELEY_FIELD_AS

}  // namespace

Napi::Object CreateLayout(Napi::Env env) {
  const auto layout = Napi::Object::New(env);
  Napi::Object structure;
  for (const Row& row : kRows) {
    if (row.field == nullptr) {
      structure = Napi::Object::New(env);
      structure.Set("size", row.size);
      layout.Set(row.structure, structure);
      continue;
    }
    std::string name = row.field;
    std::replace(name.begin(), name.end(), '.', '_');
    structure.Set(name, PackRow(env, {Napi::Number::New(env, row.offset), Napi::Number::New(env, row.size)}));
  }
  return layout;
}

}  // namespace berkeley::napi

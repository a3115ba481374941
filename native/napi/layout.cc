// Where the fields of C structs lie, for lib/structs/address.ts and its like, which pack and unpack them byte by byte.
#include <algorithm>
#include <string>

#include "args.h"
#include "os_headers.h"

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
};
#undef BERKELEY_STRUCT
#undef BERKELEY_FIELD
#undef BERKELEY_FIELD_AS

napi_value CreateField(napi_env env, const Row& row) {
  const napi_value field = Array(env, 2);
  SetItem(env, field, 0, Number(env, static_cast<int64_t>(row.offset)));
  SetItem(env, field, 1, Number(env, static_cast<int64_t>(row.size)));
  return field;
}

}  // namespace

napi_value CreateLayout(napi_env env) {
  napi_value layout = nullptr;
  napi_value structure = nullptr;
  napi_create_object(env, &layout);
  for (const Row& row : kRows) {
    if (row.field == nullptr) {
      napi_create_object(env, &structure);
      napi_set_named_property(env, structure, "size", Number(env, static_cast<int64_t>(row.size)));
      napi_set_named_property(env, layout, row.structure, structure);
      continue;
    }
    std::string name = row.field;
    std::replace(name.begin(), name.end(), '.', '_');
    napi_set_named_property(env, structure, name.c_str(), CreateField(env, row));
  }
  return layout;
}

}  // namespace berkeley::napi

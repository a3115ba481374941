// The values of Python's ssl constants.
#include <iterator>

#include "internal.h"

namespace berkeley::tls {

namespace {

#define BERKELEY_SSL_CONSTANT(NAME, VALUE) {#NAME, static_cast<int64_t>(VALUE)},
constexpr Constant kConstants[] = {
#include "../constants/ssl.h"
};
#undef BERKELEY_SSL_CONSTANT

}  // namespace

const Constant* Constants(size_t* count) {
  *count = std::size(kConstants);
  return kConstants;
}

}  // namespace berkeley::tls

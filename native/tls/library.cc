// OpenSSL's own properties: its version, its random bytes, its object identifiers.
#include "internal.h"

#include <openssl/rand.h>

#include <climits>

namespace berkeley::tls {

Library DescribeLibrary() {
  Library library;
  library.version = OpenSSL_version(OPENSSL_VERSION);
  library.number = static_cast<int64_t>(OpenSSL_version_num());
  library.compiled_number = OPENSSL_VERSION_NUMBER;
  library.cafile_env = X509_get_default_cert_file_env();
  library.cafile = X509_get_default_cert_file();
  library.capath_env = X509_get_default_cert_dir_env();
  library.capath = X509_get_default_cert_dir();
  library.kernel_tls = kHasKernelTls;
  return library;
}

int RandomBytes(uint8_t* bytes, size_t size, Error* error) {
  ERR_clear_error();
  if (size > INT_MAX) return FailWithText(error, "too many bytes");
  return RAND_bytes(bytes, static_cast<int>(size)) == 1 ? 0 : FailFromQueue(error);
}

void RandomAdd(View bytes, double entropy) {
  size_t done = 0;
  while (done < bytes.size) {
    const size_t piece = bytes.size - done < INT_MAX ? bytes.size - done : INT_MAX;
    RAND_add(bytes.data + done, static_cast<int>(piece), entropy);
    done += piece;
  }
}

bool RandomReady() { return RAND_status() == 1; }

namespace {

bool DescribeObject(const ASN1_OBJECT* object, ObjectId* found) {
  found->nid = OBJ_obj2nid(object);
  if (found->nid == NID_undef) return false;
  const char* short_name = OBJ_nid2sn(found->nid);
  const char* long_name = OBJ_nid2ln(found->nid);
  if (short_name != nullptr) found->short_name = short_name;
  if (long_name != nullptr) found->long_name = long_name;
  char text[256];
  const int size = OBJ_obj2txt(text, sizeof(text), object, 1);
  if (size > 0) found->oid = text;
  return true;
}

}  // namespace

bool FindObject(const char* text, bool by_name, ObjectId* found) {
  const std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>> object(OBJ_txt2obj(text, by_name ? 0 : 1));
  const bool known = object != nullptr && DescribeObject(object.get(), found);
  ERR_clear_error();
  return known;
}

bool FindObject(int nid, ObjectId* found) {
  const ASN1_OBJECT* object = OBJ_nid2obj(nid);
  const bool known = object != nullptr && DescribeObject(object, found);
  ERR_clear_error();
  return known;
}

}  // namespace berkeley::tls

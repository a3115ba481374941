// The system's stores of certificates. Windows alone has them.
#ifndef BERKELEY_OS_STORES_H_
#define BERKELEY_OS_STORES_H_

#include "os.h"

namespace berkeley::os {

struct StoredCertificate {
  std::vector<uint8_t> bytes;
  const char* encoding = nullptr;  // "x509_asn", "pkcs_7_asn"; nullptr: none that has a name
  bool trusted_for_all = true;     // else for `purposes` alone, as dotted numbers
  std::vector<std::string> purposes;
};
// What the store of that name ("CA", "ROOT", "MY" …) has, the machine's and the user's together. A store that does not
// exist is -ENOENT or the like.
int StoredCertificates(const char* store, std::vector<StoredCertificate>* found);

struct StoredList {
  std::vector<uint8_t> bytes;
  const char* encoding = nullptr;
};
// The lists of revoked certificates in a store.
int StoredRevocations(const char* store, std::vector<StoredList>* found);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_STORES_H_

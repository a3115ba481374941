#include "../stores.h"

#include "win.h"

#include <windows.h>

#include <wincrypt.h>

namespace berkeley::os {

namespace {

const char* EncodingName(DWORD encoding) {
  switch (encoding) {
    case X509_ASN_ENCODING:
      return "x509_asn";
    case PKCS_7_ASN_ENCODING:
      return "pkcs_7_asn";
    default:
      return nullptr;
  }
}

// Several physical stores behind one name, as CPython opens them. Released with all that it has.
class Store {
 public:
  explicit Store(const char* name) {
    collection_ = CertOpenStore(CERT_STORE_PROV_COLLECTION, 0, 0, 0, nullptr);
    if (collection_ == nullptr) {
      error_ = GetLastError();
      return;
    }
    const std::wstring wide = ToWide(name);
    constexpr DWORD kPlaces[] = {
        CERT_SYSTEM_STORE_LOCAL_MACHINE,
        CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE,
        CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY,
        CERT_SYSTEM_STORE_CURRENT_USER,
        CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY,
        CERT_SYSTEM_STORE_SERVICES,
        CERT_SYSTEM_STORE_USERS,
    };
    bool any = false;
    for (const DWORD place : kPlaces) {
      const DWORD flags = CERT_STORE_READONLY_FLAG | CERT_STORE_OPEN_EXISTING_FLAG | place;
      const HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, wide.c_str());
      if (store == nullptr) {
        error_ = GetLastError();
        continue;
      }
      any = CertAddStoreToCollection(collection_, store, 0, 0) || any;
      CertCloseStore(store, 0);  // the collection has its own reference
    }
    if (any) error_ = 0;
  }
  ~Store() {
    if (collection_ != nullptr) CertCloseStore(collection_, 0);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  HCERTSTORE get() const { return collection_; }
  DWORD error() const { return error_; }

 private:
  HCERTSTORE collection_ = nullptr;
  DWORD error_ = 0;
};

std::vector<uint8_t> Copy(const BYTE* bytes, DWORD size) { return {bytes, bytes + size}; }

// Fills in what the certificate is trusted for: by its own extension, and by what the store says besides.
void FindPurposes(PCCERT_CONTEXT certificate, StoredCertificate* stored) {
  DWORD size = 0;
  if (!CertGetEnhancedKeyUsage(certificate, 0, nullptr, &size)) return;
  std::vector<uint64_t> room(size / sizeof(uint64_t) + 1);
  auto* usage = reinterpret_cast<CERT_ENHKEY_USAGE*>(room.data());
  SetLastError(0);
  if (!CertGetEnhancedKeyUsage(certificate, 0, usage, &size)) return;
  // None at all, and no such thing: for everything. None at all otherwise: for nothing.
  if (usage->cUsageIdentifier == 0 && GetLastError() == static_cast<DWORD>(CRYPT_E_NOT_FOUND)) return;
  stored->trusted_for_all = false;
  for (DWORD i = 0; i < usage->cUsageIdentifier; ++i) stored->purposes.emplace_back(usage->rgpszUsageIdentifier[i]);
}

}  // namespace

int StoredCertificates(const char* name, std::vector<StoredCertificate>* found) {
  const Store store(name);
  if (store.error() != 0) return SystemError(store.error());
  PCCERT_CONTEXT certificate = nullptr;
  while ((certificate = CertEnumCertificatesInStore(store.get(), certificate)) != nullptr) {
    StoredCertificate stored;
    stored.bytes = Copy(certificate->pbCertEncoded, certificate->cbCertEncoded);
    stored.encoding = EncodingName(certificate->dwCertEncodingType);
    FindPurposes(certificate, &stored);
    found->push_back(std::move(stored));
  }
  return 0;
}

int StoredRevocations(const char* name, std::vector<StoredList>* found) {
  const Store store(name);
  if (store.error() != 0) return SystemError(store.error());
  PCCRL_CONTEXT list = nullptr;
  while ((list = CertEnumCRLsInStore(store.get(), list)) != nullptr) {
    found->push_back({Copy(list->pbCrlEncoded, list->cbCrlEncoded), EncodingName(list->dwCertEncodingType)});
  }
  return 0;
}

}  // namespace berkeley::os

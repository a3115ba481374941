// The certificates of a context: its own, and those that it trusts.
#include "internal.h"

#include <openssl/pem.h>

#include <cerrno>
#include <climits>
#include <string_view>

namespace berkeley::tls {

namespace {

// Records the failure of one of OpenSSL's calls for files, which leave the reason in errno (there is no such file) or
// in the queue (there is no certificate in it).
int FailFromFile(Error* error) {
  const int system_error = errno;
  return system_error != 0 ? FailFromSystem(error, system_error) : FailFromQueue(error);
}

int OnPassword(char* buffer, int size, int, void* source) {
  return static_cast<PasswordSource*>(source)->Password(buffer, size);
}

// A PasswordScope lends a context the password source while a key is being loaded.
class PasswordScope {
 public:
  PasswordScope(SSL_CTX* ctx, PasswordSource* source)
      : ctx_(ctx), callback_(SSL_CTX_get_default_passwd_cb(ctx)), data_(SSL_CTX_get_default_passwd_cb_userdata(ctx)) {
    if (source == nullptr) return;
    SSL_CTX_set_default_passwd_cb(ctx, OnPassword);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, source);
  }
  ~PasswordScope() {
    SSL_CTX_set_default_passwd_cb(ctx_, callback_);
    SSL_CTX_set_default_passwd_cb_userdata(ctx_, data_);
  }
  PasswordScope(const PasswordScope&) = delete;
  PasswordScope& operator=(const PasswordScope&) = delete;

  pem_password_cb* callback() const { return SSL_CTX_get_default_passwd_cb(ctx_); }
  void* data() const { return SSL_CTX_get_default_passwd_cb_userdata(ctx_); }

 private:
  SSL_CTX* ctx_;
  pem_password_cb* callback_;
  void* data_;
};

bool IsPem(View bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data), bytes.size);
  return text.find("-----BEGIN") != std::string_view::npos;
}

BioPtr Reader(View bytes) {
  if (bytes.size > INT_MAX) return nullptr;
  // OpenSSL refuses a null pointer, which an empty view may have.
  return BioPtr(
      BIO_new_mem_buf(bytes.size == 0 ? "" : static_cast<const void*>(bytes.data), static_cast<int>(bytes.size)));
}

bool IsReason(unsigned long code, int library, int reason) {
  return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

// Has the certificates behind the first one sent to peers together with it.
bool UseRest(SSL_CTX* ctx, BIO* reader, const PasswordScope& password) {
  SSL_CTX_clear_chain_certs(ctx);
  for (;;) {
    X509Ptr next(PEM_read_bio_X509(reader, nullptr, password.callback(), password.data()));
    if (next == nullptr) break;
    if (SSL_CTX_add0_chain_cert(ctx, next.get()) != 1) return false;
    next.release();
  }
  if (!IsReason(ERR_peek_last_error(), ERR_LIB_PEM, PEM_R_NO_START_LINE)) return false;
  ERR_clear_error();
  return true;
}

bool UseCertificates(SSL_CTX* ctx, View bytes, const PasswordScope& password) {
  const BioPtr reader = Reader(bytes);
  if (reader == nullptr) return false;
  const bool pem = IsPem(bytes) || bytes.size == 0;
  const X509Ptr first(pem ? PEM_read_bio_X509_AUX(reader.get(), nullptr, password.callback(), password.data())
                          : d2i_X509_bio(reader.get(), nullptr));
  if (first == nullptr || SSL_CTX_use_certificate(ctx, first.get()) != 1) return false;
  return !pem || UseRest(ctx, reader.get(), password);
}

bool UseKey(SSL_CTX* ctx, View bytes, const PasswordScope& password) {
  const BioPtr reader = Reader(bytes);
  if (reader == nullptr) return false;
  const KeyPtr key(IsPem(bytes) || bytes.size == 0
                       ? PEM_read_bio_PrivateKey(reader.get(), nullptr, password.callback(), password.data())
                       : d2i_PrivateKey_bio(reader.get(), nullptr));
  return key != nullptr && SSL_CTX_use_PrivateKey(ctx, key.get()) == 1;
}

// Trusts a certificate. False: it could not be added; a certificate that was there before is no failure.
bool AddTrusted(X509_STORE* store, X509* certificate) {
  if (X509_STORE_add_cert(store, certificate) == 1) return true;
  if (!IsReason(ERR_peek_last_error(), ERR_LIB_X509, X509_R_CERT_ALREADY_IN_HASH_TABLE)) return false;
  ERR_clear_error();
  return true;
}

// Whether the error is the one that ends the reading of certificates: PEM finds no first line, DER no header.
bool IsEnd(unsigned long code, bool pem) {
  return code == 0 || (pem ? IsReason(code, ERR_LIB_PEM, PEM_R_NO_START_LINE)
                           : IsReason(code, ERR_LIB_ASN1, ASN1_R_HEADER_TOO_LONG));
}

}  // namespace

int LoadCertificateChainFiles(Context* context, const char* cert_path, const char* key_path, PasswordSource* password,
                              Error* error) {
  ERR_clear_error();
  SSL_CTX* ctx = context->ctx.get();
  const PasswordScope scope(ctx, password);
  errno = 0;
  if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1) return FailFromFile(error);
  errno = 0;
  if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1) return FailFromFile(error);
  return SSL_CTX_check_private_key(ctx) == 1 ? 0 : FailFromQueue(error);
}

int LoadCertificateChain(Context* context, View certificates, View key, PasswordSource* password, Error* error) {
  ERR_clear_error();
  SSL_CTX* ctx = context->ctx.get();
  const PasswordScope scope(ctx, password);
  if (!UseCertificates(ctx, certificates, scope) || !UseKey(ctx, key, scope)) return FailFromQueue(error);
  return SSL_CTX_check_private_key(ctx) == 1 ? 0 : FailFromQueue(error);
}

int LoadVerifyLocations(Context* context, const char* file, const char* directory, Error* error) {
  ERR_clear_error();
  errno = 0;
  return SSL_CTX_load_verify_locations(context->ctx.get(), file, directory) == 1 ? 0 : FailFromFile(error);
}

int LoadVerifyData(Context* context, View data, bool pem, Error* error) {
  ERR_clear_error();
  const BioPtr reader = Reader(data);
  if (reader == nullptr) return FailFromQueue(error);
  X509_STORE* store = SSL_CTX_get_cert_store(context->ctx.get());
  int count = 0;
  for (;; ++count) {
    const X509Ptr next(pem ? PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)
                           : d2i_X509_bio(reader.get(), nullptr));
    if (next == nullptr || !AddTrusted(store, next.get())) break;
  }
  const bool ended = IsEnd(ERR_peek_last_error(), pem);
  if (count > 0 && !ended) return FailFromQueue(error);
  ERR_clear_error();
  return count;
}

int SetDefaultVerifyPaths(Context* context, Error* error) {
  ERR_clear_error();
  const int result = SSL_CTX_set_default_verify_paths(context->ctx.get());
  if (result != 1) return FailFromQueue(error);
  ERR_clear_error();
  return 0;
}

int LoadDhParameters(Context* context, const char* path, Error* error) {
  ERR_clear_error();
  errno = 0;
  const BioPtr reader(BIO_new_file(path, "rb"));
  if (reader == nullptr) return FailFromFile(error);
  errno = 0;
  const std::unique_ptr<DH, Freed<DH_free>> parameters(PEM_read_bio_DHparams(reader.get(), nullptr, nullptr, nullptr));
  if (parameters == nullptr) return FailFromFile(error);
  return SSL_CTX_set_tmp_dh(context->ctx.get(), parameters.get()) == 1 ? 0 : FailFromQueue(error);
}

namespace {

using ObjectsPtr = std::unique_ptr<STACK_OF(X509_OBJECT), void (*)(STACK_OF(X509_OBJECT)*)>;

// Takes references to the objects of the store, to which a connection may add some at the same time.
ObjectsPtr ObjectsOf(Context* context) {
  X509_STORE* store = SSL_CTX_get_cert_store(context->ctx.get());
  X509_STORE_lock(store);
  STACK_OF(X509_OBJECT)* copy = sk_X509_OBJECT_deep_copy(
      X509_STORE_get0_objects(store),
      [](const X509_OBJECT* from) -> X509_OBJECT* {
        X509_OBJECT* to = X509_OBJECT_new();
        if (to == nullptr) return nullptr;
        if (X509_OBJECT_get_type(from) == X509_LU_X509) X509_OBJECT_set1_X509(to, X509_OBJECT_get0_X509(from));
        if (X509_OBJECT_get_type(from) == X509_LU_CRL) {
          X509_OBJECT_set1_X509_CRL(to, X509_OBJECT_get0_X509_CRL(const_cast<X509_OBJECT*>(from)));
        }
        return to;
      },
      X509_OBJECT_free);
  X509_STORE_unlock(store);
  return ObjectsPtr(copy, [](STACK_OF(X509_OBJECT) * objects) { sk_X509_OBJECT_pop_free(objects, X509_OBJECT_free); });
}

}  // namespace

int GetStoreStats(Context* context, StoreStats* stats, Error* error) {
  ERR_clear_error();
  const ObjectsPtr objects = ObjectsOf(context);
  if (objects == nullptr) return FailFromQueue(error);
  for (int i = 0; i < sk_X509_OBJECT_num(objects.get()); ++i) {
    const X509_OBJECT* object = sk_X509_OBJECT_value(objects.get(), i);
    if (X509_OBJECT_get_type(object) == X509_LU_CRL) ++stats->crls;
    if (X509_OBJECT_get_type(object) != X509_LU_X509) continue;
    ++stats->certificates;
    if (X509_check_ca(X509_OBJECT_get0_X509(object)) != 0) ++stats->authorities;
  }
  ERR_clear_error();
  return 0;
}

int GetAuthorities(Context* context, std::vector<Bytes>* ders, Error* error) {
  ERR_clear_error();
  const ObjectsPtr objects = ObjectsOf(context);
  if (objects == nullptr) return FailFromQueue(error);
  for (int i = 0; i < sk_X509_OBJECT_num(objects.get()); ++i) {
    X509* certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects.get(), i));
    if (certificate != nullptr && X509_check_ca(certificate) != 0) ders->push_back(ToDer(certificate));
  }
  ERR_clear_error();
  return 0;
}

}  // namespace berkeley::tls

// Records errors: OpenSSL's queue is read into one struct.
#include "internal.h"

#include <openssl/dherr.h>
#include <openssl/dsaerr.h>
#include <openssl/evperr.h>
#include <openssl/randerr.h>
#include <openssl/rsaerr.h>
#include <openssl/sslerr.h>

namespace berkeley::tls {

namespace {

std::string LibraryName(int library) {
  switch (library) {
#define LIBRARY(NAME)  \
  case ERR_LIB_##NAME: \
    return #NAME;
#include "error_names.h"
#undef LIBRARY
    default:
      return {};
  }
}

const char* OddReasonName(int library, int reason) {
#define REASON(LIBRARY, NAME) \
  if (library == ERR_LIB_##LIBRARY && reason == LIBRARY##_R_##NAME) return #NAME;
#include "error_names.h"
#undef REASON
  return nullptr;
}

// Whether a reason is shared by all of OpenSSL's libraries ("malloc failure", "PEM lib"): such a reason has no name.
bool IsShared(int reason) { return (reason & ERR_RFLAG_FATAL) != 0 || (reason & ERR_RFLAG_COMMON) != 0; }

std::string ReasonName(int library, int reason, const char* text) {
  if (IsShared(reason) || text == nullptr) return {};
  if (const char* odd = OddReasonName(library, reason)) return odd;
  std::string name;
  for (const char* c = text; *c != '\0'; ++c) {
    const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
    if (letter) {
      name += *c >= 'a' && *c <= 'z' ? static_cast<char>(*c - 'a' + 'A') : *c;
    } else if (name.empty() || name.back() != '_') {
      name += '_';
    }
  }
  return name;
}

void RecordQueue(Error* error, unsigned long code) {
  if (code == 0) return;
  if (ERR_SYSTEM_ERROR(code)) {
    error->system_error = ERR_GET_REASON(code);
    return;
  }
  const char* text = ERR_reason_error_string(code);
  error->from_queue = true;
  error->reason = ERR_GET_REASON(code);
  error->library_name = LibraryName(ERR_GET_LIB(code));
  error->reason_name = ReasonName(ERR_GET_LIB(code), error->reason, text);
  error->text = text == nullptr ? "unknown error" : text;
}

bool IsSslReason(unsigned long code, int reason) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == reason;
}

}  // namespace

int FailFromQueue(Error* error) {
  *error = Error();
  RecordQueue(error, ERR_peek_last_error());
  ERR_clear_error();
  return kFailed;
}

int FailFromSystem(Error* error, int system_error) {
  *error = Error();
  error->system_error = system_error;
  ERR_clear_error();
  return kFailed;
}

int FailWithText(Error* error, const char* text) {
  *error = Error();
  error->text = text;
  ERR_clear_error();
  return kFailed;
}

int FailCall(Connection* connection, int result, Error* error) {
  SSL* ssl = connection->ssl.get();
  const int kind = SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_WANT_READ) return kWantRead;
  if (kind == SSL_ERROR_WANT_WRITE) return kWantWrite;
  const unsigned long code = ERR_peek_last_error();
  if (kind == SSL_ERROR_SSL && IsSslReason(code, SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
    ERR_clear_error();
    return kRaggedEof;
  }
  *error = Error();
  error->ssl_error = kind;
  RecordQueue(error, code);
  if (kind == SSL_ERROR_SYSCALL && code == 0) error->system_error = connection->descriptor.error;
  error->verify_failed = kind == SSL_ERROR_SSL && IsSslReason(code, SSL_R_CERTIFICATE_VERIFY_FAILED);
  if (error->verify_failed) {
    error->verify_code = SSL_get_verify_result(ssl);
    error->verify_text = X509_verify_cert_error_string(error->verify_code);
  }
  ERR_clear_error();
  return kFailed;
}

}  // namespace berkeley::tls

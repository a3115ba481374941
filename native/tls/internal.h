// What the files of tls/ share: OpenSSL's types with owners, our objects, and how a failure is recorded.
#ifndef BERKELEY_TLS_INTERNAL_H_
#define BERKELEY_TLS_INTERNAL_H_

// Some of what Python promises (load_dh_params, PSK identities) has only a deprecated call behind it.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls.h"

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "berkeley needs OpenSSL 3.0 or later"
#endif

namespace berkeley::tls {

#ifdef OPENSSL_NO_KTLS
inline constexpr bool kHasKernelTls = false;
#else
inline constexpr bool kHasKernelTls = true;
#endif

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, Freed<SSL_SESSION_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// What belongs to an SSL_CTX as long as any connection uses it, not to whoever created it. Lives in its ex_data.
struct ContextData {
  Bytes alpn;
  BioPtr key_log;
  unsigned int events = 0;  // bit n: the Event with number n is enabled

  bool Has(Event event) const { return (events >> static_cast<unsigned int>(event) & 1) != 0; }
};

struct Context {
  SslContextPtr ctx;
  ContextData* data = nullptr;  // the SSL_CTX's own
};
ContextData* DataOf(const SSL_CTX* ctx);

// What the descriptor's BIO knows of its descriptor.
struct Descriptor {
  int fd = -1;
  int error = 0;  // errno of the latest call that failed, other than for not being ready
  bool eof = false;
  bool sleeps = false;       // the call that is running may sleep in the kernel
  bool interrupted = false;  // it has, and its sleep was ended: the call is to return
};

struct Connection {
  SslPtr ssl;
  Descriptor descriptor;
  Callbacks* callbacks = nullptr;  // of the call that is running
  bool kernel_tls = false;         // the BIO is OpenSSL's own, which alone can hand keys to the kernel
  bool shutdown_sent = false;
  bool context_changed = false;
  // A client that may be asked for its certificate at any time: see FinishRecord in connection.cc.
  bool answers_later = false;
  Bytes unfinished;  // what the latest write was given, if it could not be sent
  size_t ahead = 0;  // how much of it reads have sent since
};

struct Session {
  SslSessionPtr session;
};

struct MemoryBio {
  BioPtr bio;
};

// ---- failures: each records why, empties the queue and returns kFailed, so that a caller can return it

// What the queue holds. Without a connection.
int FailFromQueue(Error* error);
int FailFromSystem(Error* error, int system_error);
int FailWithText(Error* error, const char* text);
// The result of an SSL_* call on a connection: kWantRead, kWantWrite, kRaggedEof or kFailed.
int FailCall(Connection* connection, int result, Error* error);

// ---- descriptors (posix/)

// A BIO over connection->descriptor that sleeps only if that says so, and never raises SIGPIPE. nullptr: out of memory.
BIO* CreateDescriptorBio(Descriptor* descriptor);

// OpenSSL's own BIO over connection->descriptor, which never sleeps.
BIO* CreateKernelTlsBio(Descriptor* descriptor);

// ---- what OpenSSL calls back (callbacks.cc)

// The ALPN choice of servers. Always installed.
int SelectAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*);

inline Connection* ConnectionOf(const SSL* ssl) { return static_cast<Connection*>(SSL_get_app_data(ssl)); }
Bytes ToDer(X509* certificate);

}  // namespace berkeley::tls

#endif  // BERKELEY_TLS_INTERNAL_H_

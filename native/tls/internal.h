// The files of tls/ share these: owners of OpenSSL's types, the objects behind tls.h, and ways to record a failure.
#ifndef BERKELEY_TLS_INTERNAL_H_
#define BERKELEY_TLS_INTERNAL_H_

// Some of Python's functions (load_dh_params, those for PSK) have only a deprecated call of OpenSSL behind them.
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

// ContextData belongs to an SSL_CTX, which lives as long as a connection uses it, and not to the Context that created
// it. The SSL_CTX holds it as ex_data.
struct ContextData {
  Bytes alpn;
  BioPtr key_log;
  unsigned int events = 0;  // bit n is set if the Event with number n is enabled

  bool Has(Event event) const { return (events >> static_cast<unsigned int>(event) & 1) != 0; }
};

struct Context {
  SslContextPtr ctx;
  ContextData* data = nullptr;  // owned by the SSL_CTX
};
ContextData* DataOf(const SSL_CTX* ctx);

// The state of the BIO over a descriptor.
struct Descriptor {
  int fd = -1;
  int error = 0;  // errno of the latest call that failed for another reason than EAGAIN
  bool eof = false;
  bool sleeps = false;       // the running call may sleep in the kernel
  bool interrupted = false;  // a sleep of the running call was ended, so that the call has to return
  bool keeps = false;        // the running call may leave bytes in `kept`
  Bytes kept;                // bytes that OpenSSL has written and the kernel has not taken yet
  Bytes unread;              // bytes of the peer that were received before there was a connection: see Unread
};

struct Connection {
  SslPtr ssl;
  Descriptor descriptor;
  Callbacks* callbacks = nullptr;  // those of the running call
  bool kernel_tls = false;         // whether the BIO is OpenSSL's own, which alone can hand keys to the kernel
  bool shutdown_sent = false;
  bool context_changed = false;
  // Whether the latest write returned kWantWrite, so that it will be repeated, and will send what the BIO keeps.
  bool write_waits = false;
  size_t written = 0;  // how many bytes of a write that has to be repeated OpenSSL has taken
};

struct Session {
  SslSessionPtr session;
};

struct MemoryBio {
  BioPtr bio;
};

// ---- failures: each function records the reason, empties the queue and returns kFailed, for its caller to return

// Records the queue's latest error, of a call without a connection.
int FailFromQueue(Error* error);
int FailFromSystem(Error* error, int system_error);
int FailWithText(Error* error, const char* text);
// Records the failure of an SSL_* call on a connection, and returns kWantRead, kWantWrite, kRaggedEof or kFailed.
int FailCall(Connection* connection, int result, Error* error);

// ---- descriptors

// Creates a BIO over connection->descriptor that sleeps only while descriptor.sleeps is true, and never raises SIGPIPE.
// nullptr: there is no memory.
BIO* CreateDescriptorBio(Descriptor* descriptor);

// Sends what the BIO keeps. False: some is left. The reason is in descriptor->error, which is 0 if the kernel only has
// no room.
bool SendKept(Descriptor* descriptor);

// Moves bytes out of descriptor->unread, which has some. Returns how many.
int TakeUnread(Descriptor* descriptor, char* bytes, int size);

// What each port supplies (posix/, win/). Both sleep only while descriptor->sleeps is true. They return how many bytes
// were moved, 0 at the end of the stream; kWantRead or kWantWrite if the kernel has no bytes, or no room; or kFailed,
// and the reason is in descriptor->error.
int Receive(Descriptor* descriptor, void* bytes, int size);
int64_t Transmit(Descriptor* descriptor, const void* bytes, size_t size);

// Creates OpenSSL's own BIO over connection->descriptor, and keeps it from sleeping.
BIO* CreateKernelTlsBio(Descriptor* descriptor);

// ---- what OpenSSL calls back (callbacks.cc)

// Chooses a server's ALPN protocol. Every context has this callback.
int SelectAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*);

// Has the messages of a connection told of, or not told of, as `context` has it.
void FollowMessages(SSL* ssl, const Context* context);

inline Connection* ConnectionOf(const SSL* ssl) { return static_cast<Connection*>(SSL_get_app_data(ssl)); }
Bytes ToDer(X509* certificate);

}  // namespace berkeley::tls

#endif  // BERKELEY_TLS_INTERNAL_H_

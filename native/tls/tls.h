// TLS, as the rest of berkeley sees it: OpenSSL behind a contract that names none of its types.
//
// Knows nothing of os/ and of Node-API: a connection gets a plain descriptor, or two memory BIOs.
//
// Rules that hold for every function here:
//   * It returns a value >= 0, or a negative code: kWantRead, kWantWrite, kRaggedEof, or kFailed, and then `*error`
//   says
//     why.
//     It never throws, prints, or raises SIGPIPE.
//   * It never sleeps: on a descriptor that blocks too, what cannot be done at once is kWantRead or kWantWrite.
//   (Reading
//     files of certificates may sleep, as reading any file may.)
//   * OpenSSL's error queue is empty before and after it.
//   * An object has one owner, who releases it through its Ptr. What a connection needs of its context, and a session
//   of
//     its connection, outlives the owner's release.
//   * Objects belong to one thread at a time.
#ifndef BERKELEY_TLS_TLS_H_
#define BERKELEY_TLS_TLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace berkeley::tls {

inline constexpr int kFailed = -40000;
inline constexpr int kWantRead = -40001;
inline constexpr int kWantWrite = -40002;
// The stream ended without a goodbye (OpenSSL: UNEXPECTED_EOF_WHILE_READING). A code of its own, for many peers end all
// their connections so.
inline constexpr int kRaggedEof = -40003;

// Why a call failed. One of three: the system (errno), OpenSSL's queue (library, reason), or neither (both 0).
struct Error {
  int ssl_error = 0;         // SSL_get_error's result; 0 where no connection was involved
  int system_error = 0;      // errno of the system call below, if that is what failed
  int reason = 0;            // the queue's latest error, and how it is called: "SSL", "WRONG_VERSION_NUMBER",
  std::string library_name;  // "wrong version number". A name is empty where there is none.
  std::string reason_name;
  std::string text;
  bool from_queue = false;
  bool verify_failed = false;  // the peer's certificate was refused: then verify_* say why
  int64_t verify_code = 0;
  std::string verify_text;
};

using Bytes = std::vector<uint8_t>;
struct View {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

struct Context;
struct Connection;
struct Session;
struct MemoryBio;
struct Release {
  void operator()(Context* context) const;
  void operator()(Connection* connection) const;
  void operator()(Session* session) const;
  void operator()(MemoryBio* bio) const;
};
using ContextPtr = std::unique_ptr<Context, Release>;
using ConnectionPtr = std::unique_ptr<Connection, Release>;
using SessionPtr = std::unique_ptr<Session, Release>;
using MemoryBioPtr = std::unique_ptr<MemoryBio, Release>;

// ---- the library ---------------------------------------------------------------------------------------------------

struct Constant {
  const char* name;
  int64_t value;
};
// Every constant of Python's ssl module that the linked OpenSSL has.
const Constant* Constants(size_t* count);

struct Library {
  std::string version;  // of the library at run time
  int64_t number;
  int64_t compiled_number;  // of the headers at compile time: the same, or this is not the OpenSSL we brought
  std::string cafile_env, cafile, capath_env,
      capath;       // where it looks for trusted certificates, and what overrides that
  bool kernel_tls;  // built with kernel TLS
};
Library DescribeLibrary();

int RandomBytes(uint8_t* bytes, size_t size, Error* error);
void RandomAdd(View bytes, double entropy);
bool RandomReady();

struct ObjectId {
  int nid = 0;
  std::string short_name, long_name, oid;
};
// False: there is none. With `by_name`, `text` may be a short or long name; always it may be a dotted number.
bool FindObject(const char* text, bool by_name, ObjectId* found);
bool FindObject(int nid, ObjectId* found);

// ---- certificates --------------------------------------------------------------------------------------------------

using Name = std::vector<std::vector<std::pair<std::string, std::string>>>;  // relative names of attributes
struct GeneralName {
  std::string kind, value;
  bool is_directory = false;  // then `directory` is the value
  Name directory;
};
struct CertificateInfo {
  Name subject, issuer;
  int64_t version = 0;
  std::string serial_number;  // hexadecimal
  std::string not_before, not_after;
  std::vector<GeneralName> alternative_names;
  std::vector<std::string> ocsp, ca_issuers, crl_distribution_points;
};
int DecodeCertificate(View der, CertificateInfo* info, Error* error);
int CertificateFromPemFile(const char* path, Bytes* der, Error* error);
// PEM, and the subject as RFC 2253 writes it.
int CertificateText(View der, std::string* pem, std::string* subject, Error* error);

// ---- contexts ------------------------------------------------------------------------------------------------------

enum class Protocol { kTls, kClient, kServer, kTls1, kTls1_1, kTls1_2 };
// With Python's defaults. nullptr: see error.
ContextPtr CreateContext(Protocol protocol, Error* error);

// Supplies the password of an encrypted private key: up to `size` bytes into `buffer`; their number, or -1 to give up.
class PasswordSource {
 public:
  virtual int Password(char* buffer, int size) = 0;

 protected:
  ~PasswordSource() = default;
};
// `password` may be null: then OpenSSL asks on the terminal, as it does under Python.
int LoadCertificateChainFiles(Context* context, const char* cert_path, const char* key_path, PasswordSource* password,
                              Error* error);
// The same from memory, PEM; of a private key DER too.
int LoadCertificateChain(Context* context, View certificates, View key, PasswordSource* password, Error* error);
// Either may be null.
int LoadVerifyLocations(Context* context, const char* file, const char* directory, Error* error);
// How many certificates were found: 0 where `data` starts with none.
int LoadVerifyData(Context* context, View data, bool pem, Error* error);
int SetDefaultVerifyPaths(Context* context, Error* error);
int LoadDhParameters(Context* context, const char* path, Error* error);

struct StoreStats {
  int64_t certificates = 0, crls = 0, authorities = 0;
};
int GetStoreStats(Context* context, StoreStats* stats, Error* error);
int GetAuthorities(Context* context, std::vector<Bytes>* ders, Error* error);

inline constexpr size_t kSessionStatCount = 11;
// number, connect, connect_good, connect_renegotiate, accept, accept_good, accept_renegotiate, hits, misses, timeouts,
// cache_full
void GetSessionStats(Context* context, int64_t stats[kSessionStatCount]);

struct CipherInfo {
  int64_t id = 0;
  std::string name, protocol, description;
  int strength_bits = 0, algorithm_bits = 0;
  bool aead = false;
  std::string symmetric, digest, key_exchange, authentication;  // empty: none
};
int GetCiphers(Context* context, std::vector<CipherInfo>* ciphers, Error* error);

// The lists that a context is given as text, in OpenSSL's syntax.
enum class TextSetting { kCiphers, kCipherSuites, kGroups, kClientSignatures, kServerSignatures };
int SetText(Context* context, TextSetting setting, const char* value, Error* error);
// 0; -1: no such curve.
int SetEcdhCurve(Context* context, const char* name, Error* error);
// Protocol names, each behind its length, for both sides.
void SetAlpn(Context* context, View names);

enum class NumberSetting {
  kOptions,
  kMinimumVersion,  // 0: the library's lowest
  kMaximumVersion,  // 0: the library's highest
  kVerifyMode,      // 0 none, 1 optional, 2 required
  kVerifyFlags,
  kHostFlags,
  kTickets,
  kSecurityLevel,
};
int64_t GetNumber(Context* context, NumberSetting setting);
int SetNumber(Context* context, NumberSetting setting, int64_t value, Error* error);

// Appends the secrets of all connections to a file, in the format of NSS; null: no longer.
int SetKeyLogFile(Context* context, const char* path, Error* error);

// Which of Callbacks' members this context's connections call.
enum class Event { kServerName, kPskClient, kPskServer, kMessage, kKeyLog, kOcspResponse };
void SetEvent(Context* context, Event event, bool enabled);
int SetPskIdentityHint(Context* context, const char* hint, Error* error);
// Clients ask the server for its certificate's OCSP response.
void RequestOcsp(Context* context, bool enabled);
// What a connection asks and tells while a call on it runs, on the thread of that call.
class Callbacks {
 public:
  // The client wants the server `name` (null: it did not say). 0 to go on, or the alert to send (SSL_AD_*); for
  // close_notify, whose number is 0, kAlertCloseNotify.
  virtual int ServerName(const char* name) = 0;
  // False: there is no key.
  virtual bool PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                         Bytes* key) = 0;
  virtual bool PskServer(const char* identity, size_t most_key, Bytes* key) = 0;
  virtual void Message(bool written, int version, int content_type, int message_type, View data) = 0;
  virtual void KeyLog(const char* line) = 0;
  // The server's OCSP response, DER; empty: none.
  virtual void OcspResponse(Bytes* response) = 0;

 protected:
  ~Callbacks() = default;
};
inline constexpr int kAlertCloseNotify = 256;

// ---- memory BIOs ---------------------------------------------------------------------------------------------------

MemoryBioPtr CreateMemoryBio();
size_t MemoryPending(MemoryBio* bio);
// How many bytes were taken out.
size_t MemoryRead(MemoryBio* bio, uint8_t* bytes, size_t size);
// All of them, or kFailed for want of memory.
int64_t MemoryWrite(MemoryBio* bio, View bytes, Error* error);
// From now on the end of what it holds is the end of the stream.
void MemoryWriteEof(MemoryBio* bio);

// ---- connections ---------------------------------------------------------------------------------------------------

struct ConnectionOptions {
  bool server_side = false;
  int fd = -1;  // or:
  MemoryBio* incoming = nullptr;
  MemoryBio* outgoing = nullptr;
  const char* host = nullptr;  // whom a client means to reach, ASCII: for SNI, and if asked for, to be verified
  bool check_host = false;
  bool post_handshake_auth = false;
};
ConnectionPtr CreateConnection(Context* context, const ConnectionOptions& options, Error* error);
// Whether a call on it runs: then it must neither be called again nor released.
bool InCall(const Connection* connection);
// Takes its descriptor away, which is about to be closed: a call that is running fails with EBADF.
void Disconnect(Connection* connection);
// Whether calls on it may use their Callbacks: then the caller's code may run before bytes are read or written.
bool CallsBack(const Connection* connection);

int Handshake(Connection* connection, Callbacks* callbacks, bool sleeps, Error* error);
// Up to `size` bytes; 0: the peer has closed its side.
int64_t Read(Connection* connection, uint8_t* bytes, size_t size, Callbacks* callbacks, bool sleeps, Error* error);
// All of them. After kWant* it must be called with the same bytes again before others are written.
int64_t Write(Connection* connection, View bytes, Callbacks* callbacks, bool sleeps, Error* error);
// Says goodbye and waits for the peer's.
int Shutdown(Connection* connection, bool waits, Callbacks* callbacks, bool sleeps, Error* error);
// From a file, through the kernel's TLS: only where KernelTlsSends.
int64_t SendFile(Connection* connection, int file, int64_t offset, size_t size, Callbacks* callbacks, bool sleeps,
                 Error* error);
int Pending(Connection* connection);
bool KernelTlsSends(Connection* connection);
bool KernelTlsReceives(Connection* connection);

void SetContext(Connection* connection, Context* context);
bool HandshakeDone(Connection* connection);
bool SessionReused(Connection* connection);
bool VerifiesPeer(Connection* connection);
int VerifyClientPostHandshake(Connection* connection, Error* error);
// TLS 1.3: new keys for what is sent, and if asked for, for what is received. Takes effect with the next write.
int UpdateKeys(Connection* connection, bool peer_too, Error* error);

// Texts are empty where there is none.
std::string Version(Connection* connection);
std::string Compression(Connection* connection);
std::string SelectedAlpn(Connection* connection);
struct CipherSummary {
  std::string name, protocol;
  int bits = 0;
};
bool CurrentCipher(Connection* connection, CipherSummary* cipher);
bool SharedCiphers(Connection* connection, std::vector<CipherSummary>* ciphers);
// Empty: the peer sent none.
Bytes PeerCertificate(Connection* connection);
enum class Chain { kVerified, kUnverified };
std::vector<Bytes> PeerChain(Connection* connection, Chain chain);
Bytes OcspResponse(Connection* connection);

// RFC 5929 and RFC 9266. Empty: not available.
Bytes TlsUnique(Connection* connection);
int TlsServerEndPoint(Connection* connection, Bytes* binding, Error* error);
// RFC 5705, RFC 8446 7.5. `context` is used if `with_context`.
int ExportKeyingMaterial(Connection* connection, uint8_t* out, size_t size, const std::string& label, View context,
                         bool with_context, Error* error);

// ---- sessions ------------------------------------------------------------------------------------------------------

// nullptr with error->text empty: there is none.
SessionPtr GetSession(Connection* connection, Error* error);
int SetSession(Connection* connection, Session* session, Error* error);
struct SessionInfo {
  Bytes id;
  int64_t time = 0, timeout = 0, ticket_lifetime_hint = 0;
  bool has_ticket = false;
};
SessionInfo DescribeSession(Session* session);
int SessionToBytes(Session* session, Bytes* der, Error* error);
SessionPtr SessionFromBytes(View der, Error* error);

}  // namespace berkeley::tls

#endif  // BERKELEY_TLS_TLS_H_

// TLS, as the rest of berkeley sees it: OpenSSL behind a contract that names none of its types.
//
// Knows nothing of os/ and of Node-API: a connection gets a plain descriptor, or two memory BIOs.
//
// Rules that hold for every function here:
//   * It returns a value >= 0, or a negative code: kWantRead, kWantWrite, kRaggedEof, or kFailed. After kFailed,
//     `*error` says why. It never throws, prints, or raises SIGPIPE.
//   * It does not sleep unless it takes `sleeps` and that is true: then it sleeps in the kernel where the descriptor
//     blocks. Otherwise an operation that cannot be done at once returns kWantRead or kWantWrite, whatever mode the
//     descriptor has. (Reading files of certificates may sleep, as reading any file may.)
//   * OpenSSL's error queue is empty before and after it.
//   * An object has one owner, who releases it through its Ptr. The parts of a context that a connection needs outlive
//     the release of the context, and so do the parts of a connection that its session needs.
//   * One thread at a time uses an object.
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
// The stream ended without a close_notify alert (OpenSSL: UNEXPECTED_EOF_WHILE_READING). This end has a code of its own
// because many peers end every connection in this way, and Python can be told to accept it.
inline constexpr int kRaggedEof = -40003;

// Error says why a call failed: the system's error, or the latest one in OpenSSL's queue, or neither (all numbers 0).
struct Error {
  int ssl_error = 0;         // SSL_get_error's result; 0 where no connection was involved
  int system_error = 0;      // errno, if a system call failed
  int reason = 0;            // the number of the queue's latest error
  std::string library_name;  // "SSL"; empty if OpenSSL has no name for it, as the next two are
  std::string reason_name;   // "WRONG_VERSION_NUMBER"
  std::string text;          // "wrong version number"
  bool from_queue = false;
  bool verify_failed = false;  // the peer's certificate was refused, for the reason in verify_*
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
  int64_t compiled_number;     // of the headers at compile time; another number means that another OpenSSL was linked
  std::string cafile, capath;  // where OpenSSL looks for trusted certificates
  std::string cafile_env, capath_env;  // the environment variables that name other places
  bool kernel_tls;                     // built with kernel TLS
};
Library DescribeLibrary();

int RandomBytes(uint8_t* bytes, size_t size, Error* error);
void RandomAdd(View bytes, double entropy);
bool RandomReady();

struct ObjectId {
  int nid = 0;
  std::string short_name, long_name, oid;
};
// Finds an object identifier by its dotted number, or with `by_name` by its short or long name too. False: OpenSSL does
// not know it.
bool FindObject(const char* text, bool by_name, ObjectId* found);
bool FindObject(int nid, ObjectId* found);

// ---- certificates --------------------------------------------------------------------------------------------------

struct Attribute {
  std::string type, text;
  bool is_bits = false;  // `bits` has the value, and `text` is empty
  Bytes bits;
};
using Name = std::vector<std::vector<Attribute>>;  // relative distinguished names, each of attributes
struct GeneralName {
  std::string kind, value;
  bool is_directory = false;  // `directory` has the value, and `value` is empty
  Name directory;
};
struct CertificateInfo {
  Name subject, issuer;
  int64_t version = 0;
  std::string serial_number;  // hexadecimal
  std::string not_before, not_after;
  bool has_alternative_names = false;
  std::vector<GeneralName> alternative_names;
  std::vector<std::string> ocsp, ca_issuers, crl_distribution_points;
};
int DecodeCertificate(View der, CertificateInfo* info, Error* error);
int CertificateFromPemFile(const char* path, Bytes* der, Error* error);
// Writes a certificate as PEM, and its subject as RFC 2253 has it.
int CertificateText(View der, std::string* pem, std::string* subject, Error* error);

// ---- contexts ------------------------------------------------------------------------------------------------------

enum class Protocol { kTls, kClient, kServer, kTls1, kTls1_1, kTls1_2 };
// Creates a context with Python's defaults. nullptr: it failed, for the reason in *error.
ContextPtr CreateContext(Protocol protocol, Error* error);

// A source of the password of an encrypted private key. Password writes at most `size` bytes to `buffer` and returns
// how many, or -1 to give up.
class PasswordSource {
 public:
  virtual int Password(char* buffer, int size) = 0;

 protected:
  ~PasswordSource() = default;
};
// Loads our certificate, those behind it, and the key. If `password` is null, OpenSSL asks for it on the terminal, as
// it does under Python.
int LoadCertificateChainFiles(Context* context, const char* cert_path, const char* key_path, PasswordSource* password,
                              Error* error);
// Loads them from memory: certificates as PEM, the key as PEM or DER.
int LoadCertificateChain(Context* context, View certificates, View key, PasswordSource* password, Error* error);
// Trusts the certificates in a file, a directory, or both. One of the paths may be null.
int LoadVerifyLocations(Context* context, const char* file, const char* directory, Error* error);
// Trusts the certificates in `data`, and returns how many there were; 0 if `data` does not begin with one.
int LoadVerifyData(Context* context, View data, bool pem, Error* error);
int SetDefaultVerifyPaths(Context* context, Error* error);
int LoadDhParameters(Context* context, const char* path, Error* error);

struct StoreStats {
  int64_t certificates = 0, crls = 0, authorities = 0;
};
int GetStoreStats(Context* context, StoreStats* stats, Error* error);
int GetAuthorities(Context* context, std::vector<Bytes>* ders, Error* error);

inline constexpr size_t kSessionStatCount = 11;
// Reads the counters of the session cache, in this order: number, connect, connect_good, connect_renegotiate, accept,
// accept_good, accept_renegotiate, hits, misses, timeouts, cache_full.
void GetSessionStats(Context* context, int64_t stats[kSessionStatCount]);

struct CipherInfo {
  int64_t id = 0;
  std::string name, protocol, description;
  int strength_bits = 0, algorithm_bits = 0;
  bool aead = false;
  std::string symmetric, digest, key_exchange, authentication;  // empty if the cipher suite fixes none
};
int GetCiphers(Context* context, std::vector<CipherInfo>* ciphers, Error* error);

// The settings of a context that are lists in OpenSSL's syntax.
enum class TextSetting { kCiphers, kCipherSuites, kGroups, kClientSignatures, kServerSignatures };
int SetText(Context* context, TextSetting setting, const char* value, Error* error);
// Returns 0, or -1 if OpenSSL does not know the curve.
int SetEcdhCurve(Context* context, const char* name, Error* error);
// Sets the ALPN protocols that clients offer and servers accept: names, each behind a byte with its length.
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

// Has the secrets of all connections appended to a file, in the format of NSS; a null path ends that.
int SetKeyLogFile(Context* context, const char* path, Error* error);

// The members of Callbacks. SetEvent says which of them a context's connections call.
enum class Event { kServerName, kPskClient, kPskServer, kMessage, kKeyLog, kOcspResponse };
void SetEvent(Context* context, Event event, bool enabled);
int SetPskIdentityHint(Context* context, const char* hint, Error* error);
// Lets clients ask the server for the OCSP response of its certificate.
void RequestOcsp(Context* context, bool enabled);
// The caller's answers to what OpenSSL asks in the course of a call, on the thread of that call.
class Callbacks {
 public:
  // Tells the name of the server that the client wants (null: the client sent none). Returns 0 to go on, or the number
  // of the alert to send (SSL_AD_*). close_notify has the number 0, and is kAlertCloseNotify here.
  virtual int ServerName(const char* name) = 0;
  // Both supply a pre-shared key. False: there is none.
  virtual bool PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                         Bytes* key) = 0;
  virtual bool PskServer(const char* identity, size_t most_key, Bytes* key) = 0;
  virtual void Message(bool written, int version, int content_type, int message_type, View data) = 0;
  virtual void KeyLog(const char* line) = 0;
  // Supplies the OCSP response that a server sends, as DER. An empty one is not sent.
  virtual void OcspResponse(Bytes* response) = 0;

 protected:
  ~Callbacks() = default;
};
inline constexpr int kAlertCloseNotify = 256;

// ---- memory BIOs ---------------------------------------------------------------------------------------------------

MemoryBioPtr CreateMemoryBio();
size_t MemoryPending(MemoryBio* bio);
// Takes bytes out, and returns how many.
size_t MemoryRead(MemoryBio* bio, uint8_t* bytes, size_t size);
// Puts all of the bytes in. kFailed: there is no memory.
int64_t MemoryWrite(MemoryBio* bio, View bytes, Error* error);
// Ends the stream behind the bytes that the BIO holds now.
void MemoryWriteEof(MemoryBio* bio);

// ---- connections ---------------------------------------------------------------------------------------------------

struct ConnectionOptions {
  bool server_side = false;
  int fd = -1;  // the descriptor; with -1, the connection is between `incoming` and `outgoing`
  MemoryBio* incoming = nullptr;
  MemoryBio* outgoing = nullptr;
  const char* host = nullptr;  // the server's name or address, ASCII: sent as SNI, and verified with check_host
  bool check_host = false;
  bool post_handshake_auth = false;
};
ConnectionPtr CreateConnection(Context* context, const ConnectionOptions& options, Error* error);
// Returns the number of the descriptor that it is over; -1: it has none.
int DescriptorOf(const Connection* connection);
// Fails as a call does whose descriptor somebody has closed.
int FailWithoutDescriptor(Error* error);
// Whether a call on the connection is running. If so, no other may be made, and the connection may not be released.
bool InCall(const Connection* connection);
// Takes the descriptor away from the connection before the descriptor is closed. A call that is running fails with
// EBADF.
void Disconnect(Connection* connection);
// Whether calls on the connection may use their Callbacks, so that the caller's code may run before bytes are read or
// written.
bool CallsBack(const Connection* connection);

int Handshake(Connection* connection, Callbacks* callbacks, bool sleeps, Error* error);
// Reads up to `size` bytes. 0: the peer has ended the stream with close_notify.
int64_t Read(Connection* connection, uint8_t* bytes, size_t size, Callbacks* callbacks, bool sleeps, Error* error);
// Writes all of `bytes`. After kWantRead or kWantWrite the same bytes must be given again before others are written.
int64_t Write(Connection* connection, View bytes, Callbacks* callbacks, bool sleeps, Error* error);
// Sends close_notify, and if `waits`, reads on until the peer's has come.
int Shutdown(Connection* connection, bool waits, Callbacks* callbacks, bool sleeps, Error* error);
// Sends a part of a file through the kernel's TLS. To be called only if KernelTlsSends.
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
// Has TLS 1.3 change the keys for sending, and with `peer_too` those for receiving. It takes effect with the next
// write.
int UpdateKeys(Connection* connection, bool peer_too, Error* error);
// Gives the connection bytes of the peer that somebody has received already: they come before what the descriptor has.
void Unread(Connection* connection, const uint8_t* bytes, size_t size);

// These texts are empty if the connection has not agreed on one.
std::string Version(Connection* connection);
std::string Compression(Connection* connection);
std::string SelectedAlpn(Connection* connection);
struct CipherSummary {
  std::string name, protocol;
  int bits = 0;
};
bool CurrentCipher(Connection* connection, CipherSummary* cipher);
bool SharedCiphers(Connection* connection, std::vector<CipherSummary>* ciphers);
// The peer's certificate as DER; empty if the peer sent none.
Bytes PeerCertificate(Connection* connection);
enum class Chain { kVerified, kUnverified };
std::vector<Bytes> PeerChain(Connection* connection, Chain chain);
Bytes OcspResponse(Connection* connection);

// Channel bindings (RFC 5929). An empty one is not available yet, or not with this version of TLS.
Bytes TlsUnique(Connection* connection);
int TlsServerEndPoint(Connection* connection, Bytes* binding, Error* error);
// Derives keying material (RFC 5705; RFC 8446 section 7.5). `context` counts only if `with_context`.
int ExportKeyingMaterial(Connection* connection, uint8_t* out, size_t size, const std::string& label, View context,
                         bool with_context, Error* error);

// ---- sessions ------------------------------------------------------------------------------------------------------

// nullptr: there is no session; if error->text is not empty, it could not be copied.
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

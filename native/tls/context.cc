// Contexts, which hold the settings that connections share: their creation and their settings.
#include <cstring>

#include "internal.h"

namespace berkeley::tls {

namespace {

// The cipher suites below TLS 1.3 that CPython offers by default: those with forward secrecy, and with authenticated
// encryption or at least an unbroken cipher.
constexpr char kDefaultCiphers[] =
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM";

void FreeData(void*, void* data, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<ContextData*>(data); }

int DataIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeData);
  return index;
}

const SSL_METHOD* MethodOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTls:
      return TLS_method();
    case Protocol::kClient:
      return TLS_client_method();
    case Protocol::kServer:
      return TLS_server_method();
    case Protocol::kTls1:
      return TLSv1_method();
    case Protocol::kTls1_1:
      return TLSv1_1_method();
    case Protocol::kTls1_2:
      return TLSv1_2_method();
  }
  return nullptr;
}

bool IsVersionFlexible(Protocol protocol) {
  return protocol == Protocol::kTls || protocol == Protocol::kClient || protocol == Protocol::kServer;
}

// Sets Python's defaults.
bool Configure(SSL_CTX* ctx, Protocol protocol) {
  SSL_CTX_set_options(ctx, (SSL_OP_ALL & ~SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS) | SSL_OP_NO_SSLv3 |
                               SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_SINGLE_DH_USE |
                               SSL_OP_SINGLE_ECDH_USE | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  // With partial writes, one call of OpenSSL writes one record.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY |
                            SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (SSL_CTX_set_cipher_list(ctx, kDefaultCiphers) != 1) return false;
  if (IsVersionFlexible(protocol) && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) return false;
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(ctx);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_CTX_set_post_handshake_auth(ctx, 0);
  SSL_CTX_set_alpn_select_cb(ctx, SelectAlpn, nullptr);
  SSL_CTX_set_verify(ctx, protocol == Protocol::kClient ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return true;
}

int VerifyModeOf(SSL_CTX* ctx) {
  const int mode = SSL_CTX_get_verify_mode(ctx);
  if ((mode & SSL_VERIFY_PEER) == 0) return 0;
  return (mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0 ? 2 : 1;
}

void SetVerifyMode(SSL_CTX* ctx, int64_t mode) {
  static constexpr int kModes[] = {SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT};
  SSL_CTX_set_verify(ctx, kModes[mode], SSL_CTX_get_verify_callback(ctx));
}

// Replaces the options: one call of OpenSSL can only set bits, and the other one only clear them.
void SetOptions(SSL_CTX* ctx, uint64_t wanted) {
  const uint64_t now = SSL_CTX_get_options(ctx);
  SSL_CTX_clear_options(ctx, now & ~wanted);
  SSL_CTX_set_options(ctx, wanted & ~now);
}

bool SetVerifyFlags(SSL_CTX* ctx, unsigned long wanted) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(ctx);
  const unsigned long now = X509_VERIFY_PARAM_get_flags(parameters);
  return X509_VERIFY_PARAM_clear_flags(parameters, now & ~wanted) == 1 &&
         X509_VERIFY_PARAM_set_flags(parameters, wanted & ~now) == 1;
}

}  // namespace

ContextData* DataOf(const SSL_CTX* ctx) { return static_cast<ContextData*>(SSL_CTX_get_ex_data(ctx, DataIndex())); }

void Release::operator()(Context* context) const { delete context; }

ContextPtr CreateContext(Protocol protocol, Error* error) {
  ERR_clear_error();
  ContextPtr context(new Context());
  context->ctx.reset(SSL_CTX_new(MethodOf(protocol)));
  if (context->ctx == nullptr) return FailFromQueue(error), nullptr;
  auto data = std::make_unique<ContextData>();
  if (SSL_CTX_set_ex_data(context->ctx.get(), DataIndex(), data.get()) != 1) return FailFromQueue(error), nullptr;
  context->data = data.release();
  if (!Configure(context->ctx.get(), protocol)) return FailFromQueue(error), nullptr;
  if (protocol == Protocol::kClient) SetVerifyMode(context->ctx.get(), 2);
  return context;
}

int64_t GetNumber(Context* context, NumberSetting setting) {
  SSL_CTX* ctx = context->ctx.get();
  switch (setting) {
    case NumberSetting::kOptions:
      return static_cast<int64_t>(SSL_CTX_get_options(ctx));
    case NumberSetting::kMinimumVersion:
      return SSL_CTX_get_min_proto_version(ctx);
    case NumberSetting::kMaximumVersion:
      return SSL_CTX_get_max_proto_version(ctx);
    case NumberSetting::kVerifyMode:
      return VerifyModeOf(ctx);
    case NumberSetting::kVerifyFlags:
      return static_cast<int64_t>(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(ctx)));
    case NumberSetting::kHostFlags:
      return X509_VERIFY_PARAM_get_hostflags(SSL_CTX_get0_param(ctx));
    case NumberSetting::kTickets:
      return static_cast<int64_t>(SSL_CTX_get_num_tickets(ctx));
    case NumberSetting::kSecurityLevel:
      return SSL_CTX_get_security_level(ctx);
  }
  return 0;
}

int SetNumber(Context* context, NumberSetting setting, int64_t value, Error* error) {
  ERR_clear_error();
  SSL_CTX* ctx = context->ctx.get();
  bool done = true;
  switch (setting) {
    case NumberSetting::kOptions:
      SetOptions(ctx, static_cast<uint64_t>(value));
      break;
    case NumberSetting::kMinimumVersion:
      done = SSL_CTX_set_min_proto_version(ctx, static_cast<int>(value)) == 1;
      break;
    case NumberSetting::kMaximumVersion:
      done = SSL_CTX_set_max_proto_version(ctx, static_cast<int>(value)) == 1;
      break;
    case NumberSetting::kVerifyMode:
      done = value >= 0 && value <= 2;
      if (done) SetVerifyMode(ctx, value);
      break;
    case NumberSetting::kVerifyFlags:
      done = SetVerifyFlags(ctx, static_cast<unsigned long>(value));
      break;
    case NumberSetting::kHostFlags:
      X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(ctx), static_cast<unsigned int>(value));
      break;
    case NumberSetting::kTickets:
      done = SSL_CTX_set_num_tickets(ctx, static_cast<size_t>(value)) == 1;
      break;
    case NumberSetting::kSecurityLevel:
      SSL_CTX_set_security_level(ctx, static_cast<int>(value));
      break;
  }
  return done ? 0 : FailFromQueue(error);
}

int SetText(Context* context, TextSetting setting, const char* value, Error* error) {
  ERR_clear_error();
  SSL_CTX* ctx = context->ctx.get();
  long result = 0;
  switch (setting) {
    case TextSetting::kCiphers:
      result = SSL_CTX_set_cipher_list(ctx, value);
      break;
    case TextSetting::kCipherSuites:
      result = SSL_CTX_set_ciphersuites(ctx, value);
      break;
    case TextSetting::kGroups:
      result = SSL_CTX_set1_groups_list(ctx, value);
      break;
    case TextSetting::kClientSignatures:
      result = SSL_CTX_set1_client_sigalgs_list(ctx, value);
      break;
    case TextSetting::kServerSignatures:
      result = SSL_CTX_set1_sigalgs_list(ctx, value);
      break;
  }
  return result == 1 ? 0 : FailFromQueue(error);
}

int SetEcdhCurve(Context* context, const char* name, Error* error) {
  ERR_clear_error();
  int nid = OBJ_sn2nid(name);
  if (nid == NID_undef) return -1;
  return SSL_CTX_set1_groups(context->ctx.get(), &nid, 1) == 1 ? 0 : FailFromQueue(error);
}

void SetAlpn(Context* context, View names) {
  context->data->alpn.assign(names.data, names.data + names.size);
  SSL_CTX_set_alpn_protos(context->ctx.get(), names.data, static_cast<unsigned int>(names.size));
}

int SetPskIdentityHint(Context* context, const char* hint, Error* error) {
  ERR_clear_error();
  return SSL_CTX_use_psk_identity_hint(context->ctx.get(), hint) == 1 ? 0 : FailFromQueue(error);
}

void RequestOcsp(Context* context, bool enabled) {
  SSL_CTX_set_tlsext_status_type(context->ctx.get(), enabled ? TLSEXT_STATUSTYPE_ocsp : -1);
}

void GetSessionStats(Context* context, int64_t stats[kSessionStatCount]) {
  SSL_CTX* ctx = context->ctx.get();
  const int64_t values[kSessionStatCount] = {
      SSL_CTX_sess_number(ctx),
      SSL_CTX_sess_connect(ctx),
      SSL_CTX_sess_connect_good(ctx),
      SSL_CTX_sess_connect_renegotiate(ctx),
      SSL_CTX_sess_accept(ctx),
      SSL_CTX_sess_accept_good(ctx),
      SSL_CTX_sess_accept_renegotiate(ctx),
      SSL_CTX_sess_hits(ctx),
      SSL_CTX_sess_misses(ctx),
      SSL_CTX_sess_timeouts(ctx),
      SSL_CTX_sess_cache_full(ctx),
  };
  memcpy(stats, values, sizeof(values));
}

namespace {

std::string LongName(int nid) {
  const char* name = nid == NID_undef ? nullptr : OBJ_nid2ln(nid);
  return name == nullptr ? std::string() : std::string(name);
}

CipherInfo DescribeCipher(const SSL_CIPHER* cipher) {
  CipherInfo info;
  info.id = SSL_CIPHER_get_id(cipher);
  info.name = SSL_CIPHER_get_name(cipher);
  info.protocol = SSL_CIPHER_get_version(cipher);
  char text[512];
  if (SSL_CIPHER_description(cipher, text, sizeof(text)) != nullptr) info.description = text;
  if (!info.description.empty() && info.description.back() == '\n') info.description.pop_back();
  info.strength_bits = SSL_CIPHER_get_bits(cipher, &info.algorithm_bits);
  info.aead = SSL_CIPHER_is_aead(cipher) != 0;
  info.symmetric = LongName(SSL_CIPHER_get_cipher_nid(cipher));
  info.digest = LongName(SSL_CIPHER_get_digest_nid(cipher));
  info.key_exchange = LongName(SSL_CIPHER_get_kx_nid(cipher));
  info.authentication = LongName(SSL_CIPHER_get_auth_nid(cipher));
  return info;
}

}  // namespace

int GetCiphers(Context* context, std::vector<CipherInfo>* ciphers, Error* error) {
  ERR_clear_error();
  // A connection has the list with TLS 1.3's suites and without those that the security level forbids; a context has
  // not.
  const SslPtr ssl(SSL_new(context->ctx.get()));
  if (ssl == nullptr) return FailFromQueue(error);
  const STACK_OF(SSL_CIPHER)* list = SSL_get_ciphers(ssl.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) ciphers->push_back(DescribeCipher(sk_SSL_CIPHER_value(list, i)));
  return 0;
}

}  // namespace berkeley::tls

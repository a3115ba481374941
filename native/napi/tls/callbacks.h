// Calls the functions of JavaScript that OpenSSL asks while a call runs.
#ifndef BERKELEY_NAPI_TLS_CALLBACKS_H_
#define BERKELEY_NAPI_TLS_CALLBACKS_H_

#include <initializer_list>
#include <string>

#include "napi/args.h"
#include "tls/tls.h"

namespace berkeley::napi {

// Asks the function at `index` (null: none) for a password. It returns a Uint8Array; what it throws is thrown by the
// call that asked.
class JsPassword final : public tls::PasswordSource {
 public:
  JsPassword(const ArgReader& args, size_t index) : env_(args.env()), function_(args.value(index)) {}
  int Password(char* buffer, int size) override;

 private:
  napi_env env_;
  napi_value function_;
};

// Where a connection's handle keeps the object that was given with it.
inline constexpr const char* kCallbacks = "callbacks";

// Calls the methods of the object that was given with a connection: `onServerName` and so on, see
// lib/ssl/connection.ts.
class JsCallbacks final : public tls::Callbacks {
 public:
  explicit JsCallbacks(const ArgReader& args) : env_(args.env()), handle_(args.receiver()) {}
  int ServerName(const char* name) override;
  bool PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                 tls::Bytes* key) override;
  bool PskServer(const char* identity, size_t most_key, tls::Bytes* key) override;
  void Message(bool written, int version, int content_type, int message_type, tls::View data) override;
  void KeyLog(const char* line) override;
  void OcspResponse(tls::Bytes* response) override;

 private:
  napi_value Call(const char* method, std::initializer_list<napi_value> arguments);

  napi_env env_;
  napi_value handle_;
};

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_TLS_CALLBACKS_H_

// The bindings that tell what a TLS connection has agreed upon with its peer.
#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::Connection;

// Binds a function of one connection whose result `pack` turns into a value.
template <auto kGet, auto kPack>
napi_value Get(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  return kPack(env, kGet(connection));
}

Napi::Value PackSummary(Napi::Env env, const tls::CipherSummary& cipher) {
  return PackRow(env, {Text(env, cipher.name), Text(env, cipher.protocol), Number(env, cipher.bits)});
}

napi_value Cipher(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  tls::CipherSummary cipher;
  return tls::CurrentCipher(connection, &cipher) ? PackSummary(env, cipher) : Napi::Env(env).Null();
}

napi_value SharedCiphers(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  std::vector<tls::CipherSummary> ciphers;
  if (!tls::SharedCiphers(connection, &ciphers)) return Napi::Env(env).Null();
  return PackAll(env, ciphers, PackSummary);
}

napi_value PeerChain(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Connection* connection = Self<Connection>(&args);
  const bool verified = args.Flag(0);
  if (args.Failed()) return nullptr;
  return PackAll(env, tls::PeerChain(connection, verified ? tls::Chain::kVerified : tls::Chain::kUnverified), Pack);
}

napi_value TlsServerEndPoint(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  tls::Bytes binding;
  tls::Error error;
  if (tls::TlsServerEndPoint(connection, &binding, &error) < 0) return PackError(env, error);
  return PackOrNull(env, binding);
}

napi_value ExportKeyingMaterial(napi_env env, napi_callback_info info) {
  MethodArgs<3> args(env, info);
  Connection* connection = Self<Connection>(&args);
  const Bytes out = args.View(0);
  const Bytes label = args.View(1);
  const bool with_context = !args.IsNull(2);
  const Bytes context = with_context ? args.View(2) : Bytes();
  if (args.Failed()) return nullptr;
  tls::Error error;
  const std::string name(label.data, label.data + label.size);
  const int result =
      tls::ExportKeyingMaterial(connection, out.data, out.size, name, ViewOf(context), with_context, &error);
  return Result(env, result, error);
}

constexpr Binding kRows[] = {
    {"handshakeDone", Get<tls::HandshakeDone, Boolean>},
    {"sessionReused", Get<tls::SessionReused, Boolean>},
    {"verifiesPeer", Get<tls::VerifiesPeer, Boolean>},
    {"kernelTlsSends", Get<tls::KernelTlsSends, Boolean>},
    {"kernelTlsReceives", Get<tls::KernelTlsReceives, Boolean>},
    {"version", Get<tls::Version, TextOrNull>},
    {"compression", Get<tls::Compression, TextOrNull>},
    {"selectedAlpn", Get<tls::SelectedAlpn, TextOrNull>},
    {"peerCertificate", Get<tls::PeerCertificate, PackOrNull>},
    {"ocspResponse", Get<tls::OcspResponse, PackOrNull>},
    {"tlsUnique", Get<tls::TlsUnique, PackOrNull>},
    {"cipher", Cipher},
    {"sharedCiphers", SharedCiphers},
    {"peerChain", PeerChain},
    {"tlsServerEndPoint", TlsServerEndPoint},
    {"exportKeyingMaterial", ExportKeyingMaterial},
};

}  // namespace

const BindingList kTlsConnectionInfoBindings = ListOf(kRows);

}  // namespace berkeley::napi

// The bindings for TLS contexts.
#include "callbacks.h"
#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::Context;

napi_value Create(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const auto protocol = static_cast<tls::Protocol>(args.Count(0, static_cast<int>(tls::Protocol::kTls1_2)));
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::ContextPtr context = tls::CreateContext(protocol, &error);
  if (context == nullptr) return PackError(env, error);
  return Wrap(args, std::move(context));
}

napi_value LoadCertificateChainFiles(napi_env env, napi_callback_info info) {
  MethodArgs<3> args(env, info);
  Context* context = Self<Context>(&args);
  const std::string certificate = args.ByteText(0);
  const std::string key = args.ByteText(1);
  if (args.Failed()) return nullptr;
  JsPassword password(args, 2);
  tls::Error error;
  const int result = tls::LoadCertificateChainFiles(context, certificate.c_str(), key.c_str(),
                                                    args.IsNull(2) ? nullptr : &password, &error);
  return Result(env, result, error);
}

napi_value LoadCertificateChain(napi_env env, napi_callback_info info) {
  MethodArgs<3> args(env, info);
  Context* context = Self<Context>(&args);
  const Bytes certificate_view = args.View(0);
  const Bytes key_view = args.View(1);
  if (args.Failed()) return nullptr;
  // Copies: asking for the password runs JavaScript, which may take the views' memory away.
  const tls::Bytes certificate(certificate_view.data, certificate_view.data + certificate_view.size);
  const tls::Bytes key(key_view.data, key_view.data + key_view.size);
  JsPassword password(args, 2);
  tls::Error error;
  const int result = tls::LoadCertificateChain(context, {certificate.data(), certificate.size()},
                                               {key.data(), key.size()}, args.IsNull(2) ? nullptr : &password, &error);
  return Result(env, result, error);
}

napi_value LoadVerifyLocations(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Context* context = Self<Context>(&args);
  const std::optional<std::string> file = args.ByteTextOrNull(0);
  const std::optional<std::string> directory = args.ByteTextOrNull(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadVerifyLocations(context, OrNull(file), OrNull(directory), &error), error);
}

napi_value LoadVerifyData(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Context* context = Self<Context>(&args);
  const Bytes data = args.View(0);
  const bool pem = args.Flag(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadVerifyData(context, ViewOf(data), pem, &error), error);
}

napi_value SetDefaultVerifyPaths(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Context* context = Self<Context>(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetDefaultVerifyPaths(context, &error), error);
}

napi_value LoadDhParameters(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const std::string path = args.ByteText(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadDhParameters(context, path.c_str(), &error), error);
}

napi_value GetStoreStats(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Context* context = Self<Context>(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::StoreStats stats;
  if (tls::GetStoreStats(context, &stats, &error) < 0) return PackError(env, error);
  return PackRow(env, {Number(env, stats.certificates), Number(env, stats.crls), Number(env, stats.authorities)});
}

napi_value GetAuthorities(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Context* context = Self<Context>(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  std::vector<tls::Bytes> ders;
  if (tls::GetAuthorities(context, &ders, &error) < 0) return PackError(env, error);
  return PackAll(env, ders, Pack);
}

napi_value GetSessionStats(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Context* context = Self<Context>(&args);
  if (args.Failed()) return nullptr;
  int64_t stats[tls::kSessionStatCount];
  tls::GetSessionStats(context, stats);
  const auto array = Napi::Array::New(env, tls::kSessionStatCount);
  for (uint32_t i = 0; i < tls::kSessionStatCount; ++i) array.Set(i, stats[i]);
  return array;
}

Napi::Object PackCipher(Napi::Env env, const tls::CipherInfo& cipher) {
  const auto object = Napi::Object::New(env);
  object.Set("id", cipher.id);
  object.Set("name", Text(env, cipher.name));
  object.Set("protocol", Text(env, cipher.protocol));
  object.Set("description", Text(env, cipher.description));
  object.Set("strength_bits", cipher.strength_bits);
  object.Set("alg_bits", cipher.algorithm_bits);
  object.Set("aead", cipher.aead);
  object.Set("symmetric", TextOrNull(env, cipher.symmetric));
  object.Set("digest", TextOrNull(env, cipher.digest));
  object.Set("kea", TextOrNull(env, cipher.key_exchange));
  object.Set("auth", TextOrNull(env, cipher.authentication));
  return object;
}

napi_value GetCiphers(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Context* context = Self<Context>(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  std::vector<tls::CipherInfo> ciphers;
  if (tls::GetCiphers(context, &ciphers, &error) < 0) return PackError(env, error);
  return PackAll(env, ciphers, PackCipher);
}

napi_value SetText(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Context* context = Self<Context>(&args);
  const auto setting =
      static_cast<tls::TextSetting>(args.Count(0, static_cast<int>(tls::TextSetting::kServerSignatures)));
  const std::string value = args.StringText(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetText(context, setting, value.c_str(), &error), error);
}

napi_value SetEcdhCurve(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const std::string name = args.ByteText(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetEcdhCurve(context, name.c_str(), &error), error);
}

napi_value SetAlpn(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const Bytes names = args.View(0);
  if (args.Failed()) return nullptr;
  tls::SetAlpn(context, ViewOf(names));
  return nullptr;
}

constexpr int kLastNumberSetting = static_cast<int>(tls::NumberSetting::kSecurityLevel);

napi_value GetNumber(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const auto setting = static_cast<tls::NumberSetting>(args.Count(0, kLastNumberSetting));
  if (args.Failed()) return nullptr;
  return Number(env, tls::GetNumber(context, setting));
}

napi_value SetNumber(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Context* context = Self<Context>(&args);
  const auto setting = static_cast<tls::NumberSetting>(args.Count(0, kLastNumberSetting));
  const int64_t value = args.Offset(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetNumber(context, setting, value, &error), error);
}

napi_value SetKeyLogFile(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const std::optional<std::string> path = args.ByteTextOrNull(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetKeyLogFile(context, OrNull(path), &error), error);
}

napi_value SetEvent(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Context* context = Self<Context>(&args);
  const auto event = static_cast<tls::Event>(args.Count(0, static_cast<int>(tls::Event::kOcspResponse)));
  const bool enabled = args.Flag(1);
  if (args.Failed()) return nullptr;
  tls::SetEvent(context, event, enabled);
  return nullptr;
}

napi_value SetPskIdentityHint(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const std::optional<std::string> hint = args.StringTextOrNull(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetPskIdentityHint(context, OrNull(hint), &error), error);
}

napi_value RequestOcsp(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Context* context = Self<Context>(&args);
  const bool enabled = args.Flag(0);
  if (args.Failed()) return nullptr;
  tls::RequestOcsp(context, enabled);
  return nullptr;
}

constexpr Binding kRows[] = {
    {"create", Create, true},
    {"loadCertificateChainFiles", LoadCertificateChainFiles},
    {"loadCertificateChain", LoadCertificateChain},
    {"loadVerifyLocations", LoadVerifyLocations},
    {"loadVerifyData", LoadVerifyData},
    {"setDefaultVerifyPaths", SetDefaultVerifyPaths},
    {"loadDhParameters", LoadDhParameters},
    {"getStoreStats", GetStoreStats},
    {"getAuthorities", GetAuthorities},
    {"getSessionStats", GetSessionStats},
    {"getCiphers", GetCiphers},
    {"setText", SetText},
    {"setEcdhCurve", SetEcdhCurve},
    {"setAlpn", SetAlpn},
    {"getNumber", GetNumber},
    {"setNumber", SetNumber},
    {"setKeyLogFile", SetKeyLogFile},
    {"setEvent", SetEvent},
    {"setPskIdentityHint", SetPskIdentityHint},
    {"requestOcsp", RequestOcsp},
};

}  // namespace

const BindingList kTlsContextBindings = ListOf(kRows);

}  // namespace berkeley::napi

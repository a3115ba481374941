// TLS contexts.
#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::Context;

napi_value CreateContext(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const auto protocol = static_cast<tls::Protocol>(args.Count(1, static_cast<int>(tls::Protocol::kTls1_2)));
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::ContextPtr context = tls::CreateContext(protocol, &error);
  if (context == nullptr) return PackError(env, error);
  Attach(&args, 0, std::move(context));
  return args.Failed() ? nullptr : Number(env, 0);
}

napi_value LoadCertificateChainFiles(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::string certificate = args.ByteText(1);
  const std::string key = args.ByteText(2);
  if (args.Failed()) return nullptr;
  JsPassword password(args, 3);
  tls::Error error;
  const int result = tls::LoadCertificateChainFiles(context, certificate.c_str(), key.c_str(),
                                                    args.IsNull(3) ? nullptr : &password, &error);
  return Result(env, result, error);
}

napi_value LoadCertificateChain(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const Bytes certificate_view = args.View(1);
  const Bytes key_view = args.View(2);
  if (args.Failed()) return nullptr;
  // Copies: asking for the password runs JavaScript, which may take the views' memory away.
  const tls::Bytes certificate(certificate_view.data, certificate_view.data + certificate_view.size);
  const tls::Bytes key(key_view.data, key_view.data + key_view.size);
  JsPassword password(args, 3);
  tls::Error error;
  const int result = tls::LoadCertificateChain(context, {certificate.data(), certificate.size()},
                                               {key.data(), key.size()}, args.IsNull(3) ? nullptr : &password, &error);
  return Result(env, result, error);
}

napi_value LoadVerifyLocations(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::optional<std::string> file = args.ByteTextOrNull(1);
  const std::optional<std::string> directory = args.ByteTextOrNull(2);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadVerifyLocations(context, OrNull(file), OrNull(directory), &error), error);
}

napi_value LoadVerifyData(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const Bytes data = args.View(1);
  const bool pem = args.Flag(2);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadVerifyData(context, ViewOf(data), pem, &error), error);
}

napi_value SetDefaultVerifyPaths(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetDefaultVerifyPaths(context, &error), error);
}

napi_value LoadDhParameters(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::string path = args.ByteText(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::LoadDhParameters(context, path.c_str(), &error), error);
}

napi_value GetStoreStats(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::StoreStats stats;
  if (tls::GetStoreStats(context, &stats, &error) < 0) return PackError(env, error);
  return PackRow(env, {Number(env, stats.certificates), Number(env, stats.crls), Number(env, stats.authorities)});
}

napi_value GetAuthorities(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  std::vector<tls::Bytes> ders;
  if (tls::GetAuthorities(context, &ders, &error) < 0) return PackError(env, error);
  return PackList(env, ders);
}

napi_value GetSessionStats(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  if (args.Failed()) return nullptr;
  int64_t stats[tls::kSessionStatCount];
  tls::GetSessionStats(context, stats);
  napi_value array = Array(env, tls::kSessionStatCount);
  for (size_t i = 0; i < tls::kSessionStatCount; ++i) SetItem(env, array, i, Number(env, stats[i]));
  return array;
}

napi_value PackCipher(napi_env env, const tls::CipherInfo& cipher) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  SetField(env, object, "id", Number(env, cipher.id));
  SetField(env, object, "name", Text(env, cipher.name));
  SetField(env, object, "protocol", Text(env, cipher.protocol));
  SetField(env, object, "description", Text(env, cipher.description));
  SetField(env, object, "strength_bits", Number(env, cipher.strength_bits));
  SetField(env, object, "alg_bits", Number(env, cipher.algorithm_bits));
  SetField(env, object, "aead", Boolean(env, cipher.aead));
  SetField(env, object, "symmetric", TextOrNull(env, cipher.symmetric));
  SetField(env, object, "digest", TextOrNull(env, cipher.digest));
  SetField(env, object, "kea", TextOrNull(env, cipher.key_exchange));
  SetField(env, object, "auth", TextOrNull(env, cipher.authentication));
  return object;
}

napi_value GetCiphers(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  std::vector<tls::CipherInfo> ciphers;
  if (tls::GetCiphers(context, &ciphers, &error) < 0) return PackError(env, error);
  napi_value array = Array(env, ciphers.size());
  for (size_t i = 0; i < ciphers.size(); ++i) SetItem(env, array, i, PackCipher(env, ciphers[i]));
  return array;
}

napi_value SetText(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const auto setting =
      static_cast<tls::TextSetting>(args.Count(1, static_cast<int>(tls::TextSetting::kServerSignatures)));
  const std::string value = args.StringText(2);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetText(context, setting, value.c_str(), &error), error);
}

napi_value SetEcdhCurve(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::string name = args.ByteText(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetEcdhCurve(context, name.c_str(), &error), error);
}

napi_value SetAlpn(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const Bytes names = args.View(1);
  if (args.Failed()) return nullptr;
  tls::SetAlpn(context, ViewOf(names));
  return nullptr;
}

constexpr int kLastNumberSetting = static_cast<int>(tls::NumberSetting::kSecurityLevel);

napi_value GetNumber(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const auto setting = static_cast<tls::NumberSetting>(args.Count(1, kLastNumberSetting));
  if (args.Failed()) return nullptr;
  return Number(env, tls::GetNumber(context, setting));
}

napi_value SetNumber(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const auto setting = static_cast<tls::NumberSetting>(args.Count(1, kLastNumberSetting));
  const int64_t value = args.Offset(2);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetNumber(context, setting, value, &error), error);
}

napi_value SetKeyLogFile(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::optional<std::string> path = args.ByteTextOrNull(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetKeyLogFile(context, OrNull(path), &error), error);
}

napi_value SetEvent(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const auto event = static_cast<tls::Event>(args.Count(1, static_cast<int>(tls::Event::kOcspResponse)));
  const bool enabled = args.Flag(2);
  if (args.Failed()) return nullptr;
  tls::SetEvent(context, event, enabled);
  return nullptr;
}

napi_value SetPskIdentityHint(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const std::optional<std::string> hint = args.StringTextOrNull(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetPskIdentityHint(context, OrNull(hint), &error), error);
}

napi_value RequestOcsp(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Context* context = Handle<Context>(&args, 0);
  const bool enabled = args.Flag(1);
  if (args.Failed()) return nullptr;
  tls::RequestOcsp(context, enabled);
  return nullptr;
}

constexpr Binding kRows[] = {
    {"createContext", CreateContext},
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

// The bindings for OpenSSL itself and for certificates.
#include "handles.h"

namespace berkeley::napi {

namespace {

napi_value RandomBytes(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes bytes = args.View(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::RandomBytes(bytes.data, bytes.size, &error), error);
}

napi_value RandomAdd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const Bytes bytes = args.View(0);
  double entropy = 0;
  if (napi_get_value_double(env, args.value(1), &entropy) != napi_ok) args.FailType(1, "a number");
  if (args.Failed()) return nullptr;
  tls::RandomAdd(ViewOf(bytes), entropy);
  return nullptr;
}

napi_value RandomReady(napi_env env, napi_callback_info) { return Boolean(env, tls::RandomReady()); }

Napi::Value PackObject(Napi::Env env, bool found, const tls::ObjectId& object) {
  if (!found) return env.Null();
  return PackRow(env, {Number(env, object.nid), TextOrNull(env, object.short_name), TextOrNull(env, object.long_name),
                       TextOrNull(env, object.oid)});
}

napi_value FindObject(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const std::string text = args.StringText(0);
  const bool by_name = args.Flag(1);
  if (args.Failed()) return nullptr;
  tls::ObjectId object;
  const bool found = tls::FindObject(text.c_str(), by_name, &object);
  return PackObject(env, found, object);
}

napi_value FindObjectByNumber(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int nid = args.Int(0);
  if (args.Failed()) return nullptr;
  tls::ObjectId object;
  const bool found = tls::FindObject(nid, &object);
  return PackObject(env, found, object);
}

constexpr Binding kLibraryRows[] = {
    {"randomBytes", RandomBytes},
    {"randomAdd", RandomAdd},
    {"randomReady", RandomReady},
    {"findObject", FindObject},
    {"findObjectByNumber", FindObjectByNumber},
};

// Python has None for bits of which there are none.
Napi::Value PackAttribute(Napi::Env env, const tls::Attribute& attribute) {
  const Napi::Value value = attribute.is_bits ? PackOrNull(env, attribute.bits) : Text(env, attribute.text);
  return PackRow(env, {Text(env, attribute.type), value});
}

Napi::Value PackName(Napi::Env env, const tls::Name& name) {
  return PackAll(env, name, [](Napi::Env env, const auto& relative) { return PackAll(env, relative, PackAttribute); });
}

Napi::Value PackAlternativeName(Napi::Env env, const tls::GeneralName& name) {
  const Napi::Value value = name.is_directory ? PackName(env, name.directory) : Text(env, name.value);
  return PackRow(env, {Text(env, name.kind), value});
}

// Python's dictionary has no key for what a certificate does not have.
template <typename Item, typename Pack>
void SetUnlessEmpty(Napi::Object object, const char* name, const std::vector<Item>& items, Pack pack) {
  if (!items.empty()) object.Set(name, PackAll(object.Env(), items, pack));
}

Napi::Object PackCertificate(Napi::Env env, const tls::CertificateInfo& info) {
  const auto object = Napi::Object::New(env);
  object.Set("subject", PackName(env, info.subject));
  object.Set("issuer", PackName(env, info.issuer));
  object.Set("version", info.version);
  object.Set("serialNumber", Text(env, info.serial_number));
  object.Set("notBefore", Text(env, info.not_before));
  object.Set("notAfter", Text(env, info.not_after));
  if (info.has_alternative_names) {
    object.Set("subjectAltName", PackAll(env, info.alternative_names, PackAlternativeName));
  }
  SetUnlessEmpty(object, "OCSP", info.ocsp, Text);
  SetUnlessEmpty(object, "caIssuers", info.ca_issuers, Text);
  SetUnlessEmpty(object, "crlDistributionPoints", info.crl_distribution_points, Text);
  return object;
}

napi_value DecodeCertificate(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes der = args.View(0);
  if (args.Failed()) return nullptr;
  tls::CertificateInfo certificate;
  tls::Error error;
  if (tls::DecodeCertificate(ViewOf(der), &certificate, &error) < 0) return PackError(env, error);
  return PackCertificate(env, certificate);
}

napi_value CertificateFromPemFile(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string path = args.ByteText(0);
  if (args.Failed()) return nullptr;
  tls::Bytes der;
  tls::Error error;
  if (tls::CertificateFromPemFile(path.c_str(), &der, &error) < 0) return PackError(env, error);
  return Pack(env, der);
}

napi_value CertificateText(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes der = args.View(0);
  if (args.Failed()) return nullptr;
  std::string pem;
  std::string subject;
  tls::Error error;
  if (tls::CertificateText(ViewOf(der), &pem, &subject, &error) < 0) return PackError(env, error);
  return PackRow(env, {Text(env, pem), Text(env, subject)});
}

constexpr Binding kCertificateRows[] = {
    {"decodeCertificate", DecodeCertificate},
    {"certificateFromPemFile", CertificateFromPemFile},
    {"certificateText", CertificateText},
};

}  // namespace

const BindingList kTlsLibraryBindings = ListOf(kLibraryRows);
const BindingList kTlsCertificateBindings = ListOf(kCertificateRows);

}  // namespace berkeley::napi

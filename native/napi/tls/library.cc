// OpenSSL itself, and certificates as such.
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

napi_value PackObject(napi_env env, bool found, const tls::ObjectId& object) {
  if (!found) return Null(env);
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

napi_value PackName(napi_env env, const tls::Name& name) {
  napi_value array = Array(env, name.size());
  for (size_t i = 0; i < name.size(); ++i) {
    napi_value relative = Array(env, name[i].size());
    for (size_t j = 0; j < name[i].size(); ++j) {
      SetItem(env, relative, j, PackRow(env, {Text(env, name[i][j].first), Text(env, name[i][j].second)}));
    }
    SetItem(env, array, i, relative);
  }
  return array;
}

napi_value PackAlternativeNames(napi_env env, const std::vector<tls::GeneralName>& names) {
  napi_value array = Array(env, names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const tls::GeneralName& name = names[i];
    const napi_value value = name.is_directory ? PackName(env, name.directory) : Text(env, name.value);
    SetItem(env, array, i, PackRow(env, {Text(env, name.kind), value}));
  }
  return array;
}

napi_value PackCertificate(napi_env env, const tls::CertificateInfo& info) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  SetField(env, object, "subject", PackName(env, info.subject));
  SetField(env, object, "issuer", PackName(env, info.issuer));
  SetField(env, object, "version", Number(env, info.version));
  SetField(env, object, "serialNumber", Text(env, info.serial_number));
  SetField(env, object, "notBefore", Text(env, info.not_before));
  SetField(env, object, "notAfter", Text(env, info.not_after));
  // What a certificate does not have is no key of Python's dictionary.
  if (!info.alternative_names.empty()) {
    SetField(env, object, "subjectAltName", PackAlternativeNames(env, info.alternative_names));
  }
  if (!info.ocsp.empty()) SetField(env, object, "OCSP", PackTexts(env, info.ocsp));
  if (!info.ca_issuers.empty()) SetField(env, object, "caIssuers", PackTexts(env, info.ca_issuers));
  if (!info.crl_distribution_points.empty()) {
    SetField(env, object, "crlDistributionPoints", PackTexts(env, info.crl_distribution_points));
  }
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

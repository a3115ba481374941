// Certificates are decoded into the form that Python gives them.
#include "internal.h"

#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace berkeley::tls {

namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using AccessPtr = std::unique_ptr<AUTHORITY_INFO_ACCESS, Freed<AUTHORITY_INFO_ACCESS_free>>;
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, Freed<CRL_DIST_POINTS_free>>;

X509Ptr Parse(View der) {
  const unsigned char* at = der.data;
  if (der.size > LONG_MAX) return nullptr;
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size)));
}

// Takes the text that was printed into a memory BIO, or what CPython takes of it: the first line, and of that not more
// than its buffer holds. (OpenSSL breaks long numbers into lines.)
std::string TakeLine(BIO* bio) {
  char line[2047];
  const int size = BIO_gets(bio, line, sizeof(line));
  (void)BIO_reset(bio);
  return {line, static_cast<size_t>(std::max(size, 0))};
}

std::string Take(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  (void)BIO_reset(bio);
  return text;
}

std::string BytesOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

// The functions that return bool return false where OpenSSL fails; its queue has the reason.

bool ReadText(const ASN1_OBJECT* object, std::string* text) {
  const int size = OBJ_obj2txt(nullptr, 0, object, 0);
  if (size < 0) return false;
  text->resize(static_cast<size_t>(size) + 1);  // OpenSSL ends the text with a NUL
  OBJ_obj2txt(text->data(), size + 1, object, 0);
  text->resize(static_cast<size_t>(size));
  return true;
}

bool ReadAttribute(const X509_NAME_ENTRY* entry, Attribute* attribute) {
  if (!ReadText(X509_NAME_ENTRY_get_object(entry), &attribute->type)) return false;
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
  attribute->is_bits = ASN1_STRING_type(value) == V_ASN1_BIT_STRING;
  if (attribute->is_bits) {
    const unsigned char* bits = ASN1_STRING_get0_data(value);
    attribute->bits.assign(bits, bits + ASN1_STRING_length(value));
    return true;
  }
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, value);
  if (size < 0) return false;
  attribute->text.assign(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return true;
}

bool ReadName(const X509_NAME* from, Name* name) {
  int set = -1;  // the number of the relative name; all its entries have the same
  for (int i = 0; i < X509_NAME_entry_count(from); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(from, i);
    if (X509_NAME_ENTRY_set(entry) != set) name->emplace_back();
    set = X509_NAME_ENTRY_set(entry);
    if (!ReadAttribute(entry, &name->back().emplace_back())) return false;
  }
  return true;
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const unsigned char* p = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::string text;
  if (size != 4 && size != 16) return "<invalid>";
  char part[8];
  for (int i = 0; i < size; i += size == 4 ? 1 : 2) {
    snprintf(part, sizeof(part), size == 4 ? "%d" : "%X", size == 4 ? p[i] : p[i] << 8 | p[i + 1]);
    text += (i == 0 ? "" : size == 4 ? "." : ":") + std::string(part);
  }
  return text;
}

// Reads a name of a kind that Python does not know out of OpenSSL's own text for it, "kind:value".
void ReadPrinted(GENERAL_NAME* from, BIO* printer, GeneralName* name) {
  GENERAL_NAME_print(printer, from);
  const std::string text = TakeLine(printer);
  const size_t colon = text.find(':');
  if (colon != std::string::npos) name->kind = text.substr(0, colon);
  name->value = colon == std::string::npos ? text : text.substr(colon + 1);
}

bool ReadGeneralName(GENERAL_NAME* from, BIO* printer, GeneralName* name) {
  switch (from->type) {
    case GEN_DIRNAME:
      name->kind = "DirName";
      name->is_directory = true;
      return ReadName(from->d.directoryName, &name->directory);
    case GEN_EMAIL:
      name->kind = "email";
      name->value = BytesOf(from->d.rfc822Name);
      return true;
    case GEN_DNS:
      name->kind = "DNS";
      name->value = BytesOf(from->d.dNSName);
      return true;
    case GEN_URI:
      name->kind = "URI";
      name->value = BytesOf(from->d.uniformResourceIdentifier);
      return true;
    case GEN_RID:
      name->kind = "Registered ID";
      return ReadText(from->d.registeredID, &name->value);
    case GEN_IPADD:
      name->kind = "IP Address";
      name->value = AddressText(from->d.iPAddress);
      return true;
    default:
      ReadPrinted(from, printer, name);
      return true;
  }
}

bool ReadAlternativeNames(X509* certificate, BIO* printer, CertificateInfo* info) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  info->has_alternative_names = names != nullptr;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME* from = sk_GENERAL_NAME_value(names.get(), i);
    if (!ReadGeneralName(from, printer, &info->alternative_names.emplace_back())) return false;
  }
  return true;
}

void ReadAuthorityAccess(X509* certificate, CertificateInfo* info) {
  const AccessPtr access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* each = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (each->location->type != GEN_URI) continue;
    const int method = OBJ_obj2nid(each->method);
    const std::string uri = BytesOf(each->location->d.uniformResourceIdentifier);
    if (method == NID_ad_OCSP) info->ocsp.push_back(uri);
    if (method == NID_ad_ca_issuers) info->ca_issuers.push_back(uri);
  }
}

void ReadDistributionPoints(X509* certificate, CertificateInfo* info) {
  const PointsPtr points(
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    // A distribution point without a full name has none, or one that is relative to the issuer's.
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, j);
      if (name->type != GEN_URI) continue;
      info->crl_distribution_points.push_back(BytesOf(name->d.uniformResourceIdentifier));
    }
  }
}

}  // namespace

Bytes ToDer(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<size_t>(size));
  unsigned char* at = der.data();
  i2d_X509(certificate, &at);
  return der;
}

int DecodeCertificate(View der, CertificateInfo* info, Error* error) {
  ERR_clear_error();
  const X509Ptr certificate = Parse(der);
  const BioPtr printer(BIO_new(BIO_s_mem()));
  if (certificate == nullptr || printer == nullptr) return FailFromQueue(error);
  if (!ReadName(X509_get_subject_name(certificate.get()), &info->subject)) return FailFromQueue(error);
  if (!ReadName(X509_get_issuer_name(certificate.get()), &info->issuer)) return FailFromQueue(error);
  info->version = X509_get_version(certificate.get()) + 1;
  i2a_ASN1_INTEGER(printer.get(), X509_get0_serialNumber(certificate.get()));
  info->serial_number = TakeLine(printer.get());
  ASN1_TIME_print(printer.get(), X509_get0_notBefore(certificate.get()));
  info->not_before = TakeLine(printer.get());
  ASN1_TIME_print(printer.get(), X509_get0_notAfter(certificate.get()));
  info->not_after = TakeLine(printer.get());
  if (!ReadAlternativeNames(certificate.get(), printer.get(), info)) return FailFromQueue(error);
  ReadAuthorityAccess(certificate.get(), info);
  ReadDistributionPoints(certificate.get(), info);
  ERR_clear_error();
  return 0;
}

int CertificateFromPemFile(const char* path, Bytes* der, Error* error) {
  ERR_clear_error();
  errno = 0;
  const BioPtr reader(BIO_new_file(path, "rb"));
  if (reader == nullptr) return FailFromSystem(error, errno);
  const X509Ptr certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return FailFromQueue(error);
  *der = ToDer(certificate.get());
  return 0;
}

int CertificateText(View der, std::string* pem, std::string* subject, Error* error) {
  ERR_clear_error();
  const X509Ptr certificate = Parse(der);
  const BioPtr printer(BIO_new(BIO_s_mem()));
  if (certificate == nullptr || printer == nullptr) return FailFromQueue(error);
  if (PEM_write_bio_X509(printer.get(), certificate.get()) != 1) return FailFromQueue(error);
  *pem = Take(printer.get());
  X509_NAME_print_ex(printer.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  *subject = Take(printer.get());
  return 0;
}

}  // namespace berkeley::tls

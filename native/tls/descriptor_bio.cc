// The BIO between OpenSSL and a plain descriptor.
//
// OpenSSL's own socket BIO calls read(2) and write(2), which sleep where the descriptor blocks, and raise SIGPIPE where
// the peer has gone. Our BIO never raises SIGPIPE, and sleeps only while Descriptor::sleeps is true. A signal that ends
// the sleep ends the call too, because the caller has to look at what the signal was for.
//
// While Descriptor::keeps is true, a write is taken whole: our BIO keeps the bytes that the kernel did not take, and
// sends them before all others. Otherwise the rest of a record would stay in OpenSSL, which cannot begin another record
// then: it breaks the connection off over a question for the certificate (RFC 8446 section 4.6.2), which has to be
// answered while data waits to be sent. The BIO keeps at most two records, and has no memory for them until it needs
// it.
#include <algorithm>

#include "internal.h"

namespace berkeley::tls {

namespace {

Descriptor* DescriptorOf(BIO* bio) { return static_cast<Descriptor*>(BIO_get_data(bio)); }

}  // namespace

int TakeUnread(Descriptor* descriptor, char* bytes, int size) {
  Bytes* unread = &descriptor->unread;
  const size_t count = std::min(unread->size(), static_cast<size_t>(size));
  std::copy_n(unread->begin(), count, reinterpret_cast<uint8_t*>(bytes));
  unread->erase(unread->begin(), unread->begin() + static_cast<ptrdiff_t>(count));
  if (unread->empty()) Bytes().swap(*unread);  // releases the memory, too
  return static_cast<int>(count);
}

namespace {

int ReadBio(BIO* bio, char* bytes, int size) {
  Descriptor* descriptor = DescriptorOf(bio);
  BIO_clear_retry_flags(bio);
  if (!descriptor->unread.empty()) return TakeUnread(descriptor, bytes, size);
  const int count = Receive(descriptor, bytes, size);
  if (count == 0) descriptor->eof = true;
  if (count == kWantRead) BIO_set_retry_read(bio);
  return std::max(count, -1);
}

// Sends bytes until all are gone or the kernel takes no more, and returns how many are gone. The reason for fewer is in
// descriptor->error, which is 0 if the kernel only has no room.
size_t SendAll(Descriptor* descriptor, const uint8_t* bytes, size_t size) {
  size_t sent = 0;
  while (sent < size) {
    const int64_t count = Transmit(descriptor, bytes + sent, size - sent);
    if (count < 0) break;
    sent += static_cast<size_t>(count);
  }
  return sent;
}

// The size of two records of TLS 1.2, whose header, padding and code make them the longer ones: the rest of a write's
// record, and answers to the peer.
constexpr size_t kMostKept = 2 * static_cast<size_t>(SSL3_RT_MAX_PACKET_SIZE);

int WriteBio(BIO* bio, const char* data, int length) {
  Descriptor* descriptor = DescriptorOf(bio);
  const auto* bytes = reinterpret_cast<const uint8_t*>(data);
  const auto size = static_cast<size_t>(length);
  BIO_clear_retry_flags(bio);
  if (descriptor->error != 0) return -1;  // of an earlier write of the running call, a part of which was sent
  size_t sent = 0;
  if (SendKept(descriptor)) {
    sent = SendAll(descriptor, bytes, size);
    if (sent == size) return length;
  }
  Bytes* kept = &descriptor->kept;
  const size_t rest = size - sent;
  // After an error, the kernel has got all of the bytes before it. OpenSSL must hear of that number first, and of the
  // error then.
  const bool takes = descriptor->keeps && kept->size() + rest <= kMostKept && (descriptor->error == 0 || sent > 0);
  if (takes) {
    kept->insert(kept->end(), bytes + sent, bytes + size);
    return length;
  }
  if (sent > 0) return static_cast<int>(sent);
  if (descriptor->error == 0) BIO_set_retry_write(bio);
  return -1;
}

long ControlBio(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_EOF:
      return DescriptorOf(bio)->eof ? 1 : 0;
    case BIO_CTRL_FLUSH:  // what is kept goes with the write that has to be repeated: see Connection::write_waits
      return 1;
    default:  // OpenSSL takes 0 for "not supported"
      return 0;
  }
}

BIO_METHOD* CreateMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berkeley descriptor");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, ReadBio);
  BIO_meth_set_write(method, WriteBio);
  BIO_meth_set_ctrl(method, ControlBio);
  return method;
}

}  // namespace

bool SendKept(Descriptor* descriptor) {
  Bytes* kept = &descriptor->kept;
  if (kept->empty()) return true;
  const size_t sent = SendAll(descriptor, kept->data(), kept->size());
  if (sent == kept->size()) {
    Bytes().swap(*kept);  // releases the memory, too
    return true;
  }
  kept->erase(kept->begin(), kept->begin() + static_cast<ptrdiff_t>(sent));
  return false;
}

BIO* CreateDescriptorBio(Descriptor* descriptor) {
  // The process has one method table, as it has of OpenSSL's own: it never changes, and other threads may use it until
  // the process ends.
  static BIO_METHOD* const method = CreateMethod();
  if (method == nullptr) return nullptr;
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, descriptor);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace berkeley::tls

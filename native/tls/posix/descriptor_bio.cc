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
//
// Kernel TLS needs OpenSSL's own BIO, which alone can hand keys to the kernel. Its methods are wrapped, so that its
// system calls do not sleep. They could raise SIGPIPE, but Node ignores it.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "../../system/calls.h"
#include "../../system/nonblocking.h"
#include "../../system/sleep.h"
#include "../internal.h"

namespace berkeley::tls {

namespace {

Descriptor* DescriptorOf(BIO* bio) { return static_cast<Descriptor*>(BIO_get_data(bio)); }

bool NotReady(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// Makes a system call, which gets MSG_DONTWAIT or 0. It fails with EAGAIN once a sleep of the running call was ended.
template <typename Call>
ssize_t Transfer(Descriptor* descriptor, Call call) {
  if (descriptor->sleeps && !descriptor->interrupted) {
    system_calls::SleepScope scope;
    if (scope.CanSleep()) {
      const ssize_t count = call(0);
      const bool interrupted = count < 0 && errno == EINTR;
      scope.Leave();
      descriptor->interrupted = interrupted || system_calls::SleepEnded() >= 0;
      return count;
    }
  }
  ssize_t count;
  do {
    count = call(MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count;
}

// Moves bytes out of descriptor->unread, which has some.
int TakeUnread(Descriptor* descriptor, char* bytes, int size) {
  Bytes* unread = &descriptor->unread;
  const size_t count = std::min(unread->size(), static_cast<size_t>(size));
  std::copy_n(unread->begin(), count, reinterpret_cast<uint8_t*>(bytes));
  unread->erase(unread->begin(), unread->begin() + static_cast<ptrdiff_t>(count));
  if (unread->empty()) Bytes().swap(*unread);  // releases the memory, too
  return static_cast<int>(count);
}

int ReadBio(BIO* bio, char* bytes, int size) {
  Descriptor* descriptor = DescriptorOf(bio);
  BIO_clear_retry_flags(bio);
  if (!descriptor->unread.empty()) return TakeUnread(descriptor, bytes, size);
  const ssize_t count = Transfer(descriptor, [=](int flags) {
    return system_calls::Recv(descriptor->fd, bytes, static_cast<size_t>(size), flags);
  });
  if (count == 0) descriptor->eof = true;
  if (count >= 0) return static_cast<int>(count);
  if (NotReady(errno)) {
    BIO_set_retry_read(bio);
  } else {
    descriptor->error = errno;
  }
  return -1;
}

// Sends bytes until all are gone or the kernel takes no more, and returns how many are gone. The reason for fewer is in
// errno, and in descriptor->error unless the kernel only has no room.
size_t SendAll(Descriptor* descriptor, const uint8_t* bytes, size_t size) {
  size_t sent = 0;
  while (sent < size) {
    const ssize_t count = Transfer(descriptor, [=](int flags) {
      return system_calls::Send(descriptor->fd, bytes + sent, size - sent, flags | MSG_NOSIGNAL);
    });
    if (count < 0) {
      if (!NotReady(errno)) descriptor->error = errno;
      break;
    }
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
  if (descriptor->error != 0) {  // of an earlier write of the running call, a part of which was sent
    errno = descriptor->error;
    return -1;
  }
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

// ---- for kernel TLS ------------------------------------------------------------------------------------------------

namespace {

// Wraps `call`, OpenSSL's own method that reads or writes with a system call, for both directions.
template <typename Bytes>
int TransferOverSocketBio(BIO* bio, Bytes* bytes, int size, int (*call)(BIO*, Bytes*, int)) {
  auto* descriptor = static_cast<Descriptor*>(BIO_get_app_data(bio));
  const system_calls::NonblockingScope scope(descriptor->fd);
  const int count = call(bio, bytes, size);
  if (count < 0 && !BIO_should_retry(bio)) descriptor->error = errno;
  return count;
}

int ReadSocketBio(BIO* bio, char* bytes, int size) {
  auto* descriptor = static_cast<Descriptor*>(BIO_get_app_data(bio));
  if (!descriptor->unread.empty()) return TakeUnread(descriptor, bytes, size);
  return TransferOverSocketBio(bio, bytes, size, BIO_meth_get_read(BIO_s_socket()));
}

int WriteSocketBio(BIO* bio, const char* bytes, int size) {
  return TransferOverSocketBio(bio, bytes, size, BIO_meth_get_write(BIO_s_socket()));
}

BIO_METHOD* CreateSocketMethod() {
  const BIO_METHOD* own = BIO_s_socket();
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOCKET, "berkeley socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_create(method, BIO_meth_get_create(own));
  BIO_meth_set_destroy(method, BIO_meth_get_destroy(own));
  BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(own));
  BIO_meth_set_read(method, ReadSocketBio);
  BIO_meth_set_write(method, WriteSocketBio);
  return method;
}

}  // namespace

BIO* CreateKernelTlsBio(Descriptor* descriptor) {
  static BIO_METHOD* const method = CreateSocketMethod();
  if (method == nullptr) return nullptr;
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_app_data(bio, descriptor);
  BIO_set_fd(bio, descriptor->fd, BIO_NOCLOSE);
  return bio;
}

}  // namespace berkeley::tls

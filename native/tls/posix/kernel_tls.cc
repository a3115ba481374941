// Kernel TLS needs OpenSSL's own BIO, which alone can hand keys to the kernel. Its methods are wrapped, so that its
// system calls do not sleep. They could raise SIGPIPE, but Node ignores it.
#include <cerrno>

#include "../../system/nonblocking.h"
#include "../internal.h"

namespace berkeley::tls {

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

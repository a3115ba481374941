// Python's MemoryBIO: a buffer between a connection and the program that carries its bytes.
#include <algorithm>
#include <climits>

#include "internal.h"

namespace berkeley::tls {

void Release::operator()(MemoryBio* bio) const { delete bio; }

MemoryBioPtr CreateMemoryBio() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr) return nullptr;
  // A read of the empty buffer means "try again", until MemoryWriteEof makes it the end.
  BIO_set_mem_eof_return(bio.get(), -1);
  return MemoryBioPtr(new MemoryBio{std::move(bio)});
}

size_t MemoryPending(MemoryBio* bio) { return BIO_ctrl_pending(bio->bio.get()); }

size_t MemoryRead(MemoryBio* bio, uint8_t* bytes, size_t size) {
  size_t done = 0;
  while (done < size && MemoryPending(bio) > 0) {
    const int count = BIO_read(bio->bio.get(), bytes + done, static_cast<int>(std::min<size_t>(size - done, INT_MAX)));
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

int64_t MemoryWrite(MemoryBio* bio, View bytes, Error* error) {
  ERR_clear_error();
  size_t done = 0;
  while (done < bytes.size) {
    const int piece = static_cast<int>(std::min<size_t>(bytes.size - done, INT_MAX));
    const int count = BIO_write(bio->bio.get(), bytes.data + done, piece);
    if (count <= 0) return FailFromQueue(error);
    done += static_cast<size_t>(count);
  }
  return static_cast<int64_t>(done);
}

void MemoryWriteEof(MemoryBio* bio) { BIO_set_mem_eof_return(bio->bio.get(), 0); }

}  // namespace berkeley::tls

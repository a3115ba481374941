/* Preloaded under python3, it shows the bytes that CPython makes of an address, and has it read bytes as an address:
 * bind(2) keeps what it is given, getsockname(2) returns what was put. So families that this kernel lacks can be
 * compared too. `armed` lets all calls through while it is 0. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

unsigned char shim_address[256];
unsigned int shim_length;
int shim_armed;

int bind(int fd, const struct sockaddr* address, socklen_t length) {
  if (!shim_armed)
    return ((int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind"))(fd, address, length);
  memset(shim_address, 0, sizeof(shim_address));
  memcpy(shim_address, address, length);
  shim_length = length;
  return 0;
}

int getsockname(int fd, struct sockaddr* address, socklen_t* length) {
  if (!shim_armed)
    return ((int (*)(int, struct sockaddr*, socklen_t*))dlsym(RTLD_NEXT, "getsockname"))(fd, address, length);
  if (*length > shim_length) *length = shim_length;
  memcpy(address, shim_address, *length);
  return 0;
}

// The yardstick: a TLS echo server on epoll in plain C over the system's OpenSSL. `tls_echo CERTIFICATE` prints its
// port, then serves until it is killed. The handshake is nonblocking, as in the other arms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kEvents = 1024, kRoom = 65536 };

struct Connection {
  SSL* ssl;
  int fd;
};

static void Check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static int Listen(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  Check(bind(fd, (struct sockaddr*)&address, length), "bind");
  Check(listen(fd, 4096), "listen");
  Check(getsockname(fd, (struct sockaddr*)&address, &length), "getsockname");
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void Drop(struct Connection* c) {
  SSL_free(c->ssl);
  close(c->fd);
  free(c);
}

static int Wants(SSL* ssl, int result) {
  int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void Serve(struct Connection* c) {
  static char bytes[kRoom];
  if (!SSL_is_init_finished(c->ssl)) {
    int result = SSL_do_handshake(c->ssl);
    if (result == 1) return;
    if (!Wants(c->ssl, result)) Drop(c);
    return;
  }
  do {
    int n = SSL_read(c->ssl, bytes, sizeof bytes);
    if (n <= 0) {
      if (!Wants(c->ssl, n)) Drop(c);
      return;
    }
    if (SSL_write(c->ssl, bytes, n) != n) {
      Drop(c);
      return;
    }
  } while (SSL_pending(c->ssl) > 0);
}

static void Accept(int listener, int poller, SSL_CTX* context) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct Connection* c = malloc(sizeof *c);
  *c = (struct Connection){SSL_new(context), fd};
  SSL_set_fd(c->ssl, fd);
  SSL_set_accept_state(c->ssl);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  Check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static SSL_CTX* Context(const char* certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  // What CPython's contexts do too.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY |
                                SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, certificate, SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "cannot use %s\n", certificate);
    exit(1);
  }
  SSL_CTX_set_session_id_context(context, (const unsigned char*)"bench", 5);
  return context;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  SSL_CTX* context = Context(argv[1]);
  int listener = Listen();
  int poller = epoll_create1(EPOLL_CLOEXEC);
  Check(poller, "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  Check(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  static struct epoll_event events[kEvents];
  for (;;) {
    int n = epoll_wait(poller, events, kEvents, -1);
    if (n < 0 && errno == EINTR) continue;
    Check(n, "epoll_wait");
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr == NULL)
        Accept(listener, poller, context);
      else
        Serve(events[i].data.ptr);
    }
  }
}

// The TLS load generator.
//
//   tls_load handshake PORT COUNT RESUME      COUNT connections, one after the other: handshake, one byte there and
//   back,
//                                             close; RESUME 1: all but the first resume a session
//   tls_load echo PORT CONNECTIONS BYTES COUNT   round trips of BYTES, COUNT in all
//   tls_load hold PORT CONNECTIONS            connections that do nothing after a round trip of one byte: prints
//   "HELD",
//                                             and keeps them until its input ends
// The first two print one line of JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kRoom = 1 << 20 };
static char bytes[kRoom];
static SSL_SESSION* kept;

static void Fail(const char* what) {
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}

static uint64_t NowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int Keep(SSL* ssl, SSL_SESSION* session) {
  (void)ssl;
  SSL_SESSION_free(kept);
  kept = session;
  return 1;
}

static SSL* Connect(SSL_CTX* context, int port, SSL_SESSION* session) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) Fail("connect");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (session != NULL) SSL_set_session(ssl, session);
  if (SSL_connect(ssl) != 1) Fail("SSL_connect");
  return ssl;
}

static void Receive(SSL* ssl, size_t size) {
  for (size_t got = 0; got < size;) {
    int n = SSL_read(ssl, bytes, (int)(size - got));
    if (n <= 0) Fail("SSL_read");
    got += (size_t)n;
  }
}

static void Close(SSL* ssl) {
  int fd = SSL_get_fd(ssl);
  SSL_free(ssl);
  close(fd);
}

static int ByValue(const void* a, const void* b) {
  uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return (x > y) - (x < y);
}

static void Report(uint32_t* ns, size_t count, uint64_t wall_ns, size_t resumed) {
  qsort(ns, count, sizeof *ns, ByValue);
  printf("{\"count\":%zu,\"wall_ns\":%llu,\"p50_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u,\"resumed\":%zu}\n", count,
         (unsigned long long)wall_ns, ns[count / 2], ns[count * 99 / 100], ns[count * 999 / 1000], resumed);
}

static void Handshakes(SSL_CTX* context, int port, size_t count, int resume) {
  uint32_t* ns = malloc(count * sizeof *ns);
  size_t resumed = 0;
  uint64_t start = NowNs();
  for (size_t i = 0; i < count; i++) {
    uint64_t before = NowNs();
    SSL* ssl = Connect(context, port, resume ? kept : NULL);
    resumed += (size_t)SSL_session_reused(ssl);
    if (SSL_write(ssl, bytes, 1) != 1) Fail("SSL_write");
    Receive(ssl, 1);
    ns[i] = (uint32_t)(NowNs() - before);
    // A connection that is closed without a word must not cost its session.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    Close(ssl);
  }
  Report(ns, count, NowNs() - start, resumed);
}

static void Echoes(SSL_CTX* context, int port, int connections, size_t size, size_t count) {
  SSL** all = calloc((size_t)connections, sizeof *all);
  uint32_t* ns = malloc((count + (size_t)connections) * sizeof *ns);
  for (int i = 0; i < connections; i++) all[i] = Connect(context, port, NULL);
  uint64_t start = NowNs();
  size_t done = 0;
  while (done < count) {
    uint64_t before = NowNs();
    for (int i = 0; i < connections; i++) {
      if (SSL_write(all[i], bytes, (int)size) != (int)size) Fail("SSL_write");
    }
    for (int i = 0; i < connections; i++) {
      Receive(all[i], size);
      ns[done++] = (uint32_t)(NowNs() - before);
    }
  }
  Report(ns, done, NowNs() - start, 0);
}

static void Hold(SSL_CTX* context, int port, size_t connections) {
  for (size_t i = 0; i < connections; i++) {
    SSL* ssl = Connect(context, port, NULL);
    if (SSL_write(ssl, bytes, 1) != 1) Fail("SSL_write");
    Receive(ssl, 1);
  }
  printf("HELD\n");
  fflush(stdout);
  while (read(0, bytes, sizeof bytes) > 0) continue;
}

int main(int argc, char** argv) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, Keep);
  if (argc == 5 && strcmp(argv[1], "handshake") == 0) {
    Handshakes(context, atoi(argv[2]), strtoul(argv[3], NULL, 10), atoi(argv[4]));
  } else if (argc == 4 && strcmp(argv[1], "hold") == 0) {
    Hold(context, atoi(argv[2]), strtoul(argv[3], NULL, 10));
  } else if (argc == 6 && strcmp(argv[1], "echo") == 0 && strtoul(argv[4], NULL, 10) <= kRoom) {
    Echoes(context, atoi(argv[2]), atoi(argv[3]), strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
  } else {
    fprintf(stderr,
            "usage: tls_load handshake PORT COUNT RESUME | tls_load echo PORT CONNECTIONS BYTES COUNT | "
            "tls_load hold PORT CONNECTIONS\n");
    return 2;
  }
  return 0;
}

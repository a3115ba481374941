// Sessions that a later connection can resume.
#include "internal.h"

namespace berkeley::tls {

namespace {

bool Encode(SSL_SESSION* session, Bytes* der) {
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return false;
  der->resize(static_cast<size_t>(size));
  unsigned char* at = der->data();
  return i2d_SSL_SESSION(session, &at) == size;
}

// Copies a session, because the connection goes on changing its own.
SslSessionPtr Copy(SSL_SESSION* session) {
  Bytes der;
  if (!Encode(session, &der)) return nullptr;
  const unsigned char* at = der.data();
  return SslSessionPtr(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size())));
}

}  // namespace

void Release::operator()(Session* session) const { delete session; }

SessionPtr GetSession(Connection* connection, Error* error) {
  ERR_clear_error();
  *error = Error();
  SSL_SESSION* current = SSL_get0_session(connection->ssl.get());
  if (current == nullptr) return nullptr;
  SslSessionPtr copy = Copy(current);
  if (copy == nullptr) return FailWithText(error, "i2d() failed"), nullptr;
  return SessionPtr(new Session{std::move(copy)});
}

int SetSession(Connection* connection, Session* session, Error* error) {
  ERR_clear_error();
  const SslSessionPtr copy = Copy(session->session.get());
  if (copy == nullptr) return FailWithText(error, "i2d() failed");
  return SSL_set_session(connection->ssl.get(), copy.get()) == 1 ? 0 : FailFromQueue(error);
}

SessionInfo DescribeSession(Session* session) {
  SSL_SESSION* from = session->session.get();
  SessionInfo info;
  unsigned int size = 0;
  const unsigned char* id = SSL_SESSION_get_id(from, &size);
  info.id.assign(id, id + size);
  info.time = SSL_SESSION_get_time(from);
  info.timeout = SSL_SESSION_get_timeout(from);
  info.has_ticket = SSL_SESSION_has_ticket(from) != 0;
  info.ticket_lifetime_hint = static_cast<int64_t>(SSL_SESSION_get_ticket_lifetime_hint(from));
  return info;
}

int SessionToBytes(Session* session, Bytes* der, Error* error) {
  ERR_clear_error();
  return Encode(session->session.get(), der) ? 0 : FailFromQueue(error);
}

SessionPtr SessionFromBytes(View der, Error* error) {
  ERR_clear_error();
  const unsigned char* at = der.data;
  SslSessionPtr session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size)));
  if (session == nullptr) return FailFromQueue(error), nullptr;
  return SessionPtr(new Session{std::move(session)});
}

}  // namespace berkeley::tls

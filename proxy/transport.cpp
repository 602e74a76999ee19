// SPDX-License-Identifier: Apache-2.0
//
// See transport.h.
#include "proxy/transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace redipy::proxy {

namespace {

/// The last thing that OpenSSL has to say.
Bytes tls_fault(View otherwise) {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return Bytes(otherwise);
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

Bytes system_fault(int error) { return std::strerror(error); }

}  // namespace

TlsContext::TlsContext(const Options& options) : options_(options), context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) throw std::runtime_error("TLS cannot be used: " + tls_fault("out of memory"));
  const auto fail = [&](View what, const Bytes& file) {
    const Bytes text = Bytes(what) + " " + file + ": " + tls_fault("cannot be read");
    SSL_CTX_free(context_);
    throw std::runtime_error(text);
  };
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context_, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.authorities.empty()) {
    SSL_CTX_set_default_verify_paths(context_);
  } else if (SSL_CTX_load_verify_locations(context_, options.authorities.c_str(), nullptr) != 1) {
    fail("CA certificates", options.authorities);
  }
  if (!options.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context_, options.certificate.c_str()) != 1) {
      fail("certificate", options.certificate);
    }
    const Bytes& key = options.key.empty() ? options.certificate : options.key;
    if (SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1) fail("key", key);
    if (SSL_CTX_check_private_key(context_) != 1) fail("key does not fit the certificate", key);
  }
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Bytes Transport::open(const Address& address, TlsContext* tls) {
  close();
  tls_ = tls;
  host_ = address.host;
  error_.clear();
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  } to{};
  socklen_t size = 0;
  if (!address.path.empty()) {
    if (address.path.size() >= sizeof to.local.sun_path) return "the socket's path is too long";
    to.local.sun_family = AF_UNIX;
    std::memcpy(to.local.sun_path, address.path.data(), address.path.size());
    size = sizeof to.local;
  } else if (::inet_pton(AF_INET, address.host.c_str(), &to.v4.sin_addr) == 1) {
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = htons(address.port);
    size = sizeof to.v4;
  } else if (::inet_pton(AF_INET6, address.host.c_str(), &to.v6.sin6_addr) == 1) {
    to.v6.sin6_family = AF_INET6;
    to.v6.sin6_port = htons(address.port);
    size = sizeof to.v6;
  } else {
    return "not an address: " + address.host;
  }
  descriptor_ = ::socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return system_fault(errno);
  if (address.path.empty()) {
    const int on = 1, idle = 60, interval = 15, probes = 4;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  }
  if (::connect(descriptor_, &to.any, size) == 0 || errno == EINPROGRESS) return {};
  Bytes text = system_fault(errno);
  close();
  return text;
}

void Transport::close() {
  if (ssl_) SSL_free(ssl_);
  ssl_ = nullptr;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  connected_ = false;
}

Transport::Progress Transport::establish() {
  if (!connected_) {
    int fault = 0;
    socklen_t size = sizeof fault;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &fault, &size);
    if (fault != 0) {
      error_ = system_fault(fault);
      return Progress::failed;
    }
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return Progress::wants_write;
    connected_ = true;
    if (!tls_) return Progress::done;
    ssl_ = SSL_new(tls_->native());
    if (!ssl_ || SSL_set_fd(ssl_, descriptor_) != 1) {
      error_ = tls_fault("TLS cannot be used");
      return Progress::failed;
    }
    const Bytes& name = tls_->options().server_name.empty() ? host_ : tls_->options().server_name;
    in6_addr numeric{};
    const bool is_number =
        ::inet_pton(AF_INET, name.c_str(), &numeric) == 1 || ::inet_pton(AF_INET6, name.c_str(), &numeric) == 1;
    if (is_number) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str());
    } else {
      SSL_set1_host(ssl_, name.c_str());
      SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
    }
  }
  if (!ssl_) return Progress::done;
  const int result = SSL_connect(ssl_);
  if (result == 1) return Progress::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Progress::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Progress::wants_write;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_);
  error_ = verified != X509_V_OK ? Bytes("certificate: ") + X509_verify_cert_error_string(verified)
                                 : tls_fault("the peer ended TLS's greeting");
  ERR_clear_error();
  return Progress::failed;
}

/// What OpenSSL returned, as read(2) would have.
ssize_t Transport::tls_result(int result) {
  if (result > 0) return result;
  const int fault = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return 0;  // a server that dies says no farewell
      }
      // A server that wants a certificate of ours says so only now (TLS 1.3).
      error_ = tls_fault(fault != 0 ? View(std::strerror(fault)) : "the peer ended TLS");
      errno = EIO;
      return -1;
  }
}

ssize_t Transport::noted(ssize_t result) {
  if (result < 0 && errno != EAGAIN && errno != EWOULDBLOCK) error_ = system_fault(errno);
  return result;
}

ssize_t Transport::read(char* to, size_t room) {
  if (ssl_) return tls_result(SSL_read(ssl_, to, static_cast<int>(std::min<size_t>(room, 1u << 30))));
  ssize_t count = 0;
  do {
    count = ::recv(descriptor_, to, room, 0);
  } while (count < 0 && errno == EINTR);
  return noted(count);
}

ssize_t Transport::write(View bytes) {
  if (ssl_)
    return tls_result(SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1u << 30))));
  ssize_t count = 0;
  do {
    count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return noted(count);
}

}  // namespace redipy::proxy

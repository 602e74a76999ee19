// SPDX-License-Identifier: Apache-2.0
//
// A socket to an upstream that never blocks, with TLS or without. It knows nothing of Redis. TLS is OpenSSL's state
// machine on the same descriptor, so that both kinds wait in the same Poller.
#pragma once

#include <sys/types.h>

#include <memory>

#include "core/base/view.h"
#include "proxy/endpoint.h"

struct ssl_ctx_st;
struct ssl_st;

namespace redipy::proxy {

/// What connections by TLS share: certificates and how they are checked. Any thread.
class TlsContext {
 public:
  struct Options {
    Bytes authorities;  ///< a file of CA certificates; empty: the system's
    Bytes certificate;  ///< our own, with its key, where the server asks for one
    Bytes key;
    Bytes server_name;  ///< what the certificate must be for; empty: the host
    bool verify = true;
  };
  /// Throws std::runtime_error that says which file is no good.
  explicit TlsContext(const Options& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const Options& options() const { return options_; }
  ssl_ctx_st* native() const { return context_; }

 private:
  Options options_;
  ssl_ctx_st* context_;
};

/// One caller at a time.
class Transport {
 public:
  Transport() = default;
  ~Transport() { close(); }
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Begins to connect to a numeric address, or a Unix socket. Empty if that is under way, else what is wrong.
  Bytes open(const Address& address, TlsContext* tls);
  void close();
  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  enum class Progress : uint8_t { done, wants_read, wants_write, failed };
  /// To be called when the descriptor is ready, until it is done: the connection, then TLS's greeting. failed: error()
  /// says why.
  Progress establish();
  const Bytes& error() const { return error_; }

  /// As read(2) and write(2): -1 with errno EAGAIN when there is nothing to do now; else error() says why. 0 from read:
  /// the end.
  ssize_t read(char* to, size_t room);
  ssize_t write(View bytes);
  /// Whether read() may have more although the descriptor does not say so.
  bool is_buffered() const { return ssl_ != nullptr; }

 private:
  ssize_t tls_result(int result);
  ssize_t noted(ssize_t result);

  int descriptor_ = -1;
  bool connected_ = false;
  ssl_st* ssl_ = nullptr;
  Bytes host_;
  TlsContext* tls_ = nullptr;
  Bytes error_;
};

}  // namespace redipy::proxy

// What every connection shares. Private to this folder.
#pragma once

#include <atomic>

#include "server/backend.hpp"
#include "server/login_limiter.hpp"
#include "server/network_private.hpp"
#include "server/options.hpp"
#include "server/session_registry.hpp"
#include "server/tls_private.hpp"

namespace tailrace::server {

struct Services {
  const ServerOptions& options;
  WorkerPool& workers;
  SessionRegistry& sessions;
  LoginLimiter& logins;
  TlsFiles* tls = nullptr;                  // none: TLS is not configured
  std::atomic<Backend*> backend = nullptr;  // none: the database is still being opened
  std::atomic<std::size_t> connection_count = 0;

  Backend& database() const { return *backend.load(); }
};

// Counts a connection for as long as it lives.
class ConnectionCount {
 public:
  explicit ConnectionCount(Services& services) : services_(services) {
    ++services_.connection_count;
  }
  ~ConnectionCount() { --services_.connection_count; }
  ConnectionCount(const ConnectionCount&) = delete;
  ConnectionCount& operator=(const ConnectionCount&) = delete;

 private:
  Services& services_;
};

}  // namespace tailrace::server

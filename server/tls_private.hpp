// The certificate that our ports show, read again when that is asked for. Private to this folder.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "server/network_private.hpp"

namespace tailrace::server {

struct TlsIdentity {
  asio::ssl::context context{asio::ssl::context::tls_server};
  std::string end_point;  // what SCRAM binds to: tls-server-end-point of RFC 5929
};

// Thread-safe.
class TlsFiles {
 public:
  // Throws SqlError 58030 naming the file that cannot be read or does not fit.
  TlsFiles(std::filesystem::path certificate, std::filesystem::path key);

  // Connections keep the one they began with.
  std::shared_ptr<TlsIdentity> current() const;
  // Throws as the constructor, and keeps what was there.
  void reload();

 private:
  const std::filesystem::path certificate_;
  const std::filesystem::path key_;
  mutable std::mutex mutex_;
  std::shared_ptr<TlsIdentity> current_;
};

}  // namespace tailrace::server

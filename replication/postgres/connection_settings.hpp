// What is told to libpq: every keyword that the environment or files in a home directory could
// otherwise decide.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replication/postgres/connection.hpp"

namespace tailrace::replication {

// Where to connect: an address, while TLS checks the name of the host.
struct Dialled {
  std::string address;
  std::uint16_t port = 0;
};

class ConnectionSettings {
 public:
  // Secrets that libpq wants as files become anonymous memory files, added to `secret_files` for
  // the caller to close when the session ends.
  ConnectionSettings(const ConnectionConfig& config, const SessionOptions& options,
                     const Dialled& dialled, std::vector<int>& secret_files);

  ~ConnectionSettings();
  ConnectionSettings(const ConnectionSettings&) = delete;
  ConnectionSettings& operator=(const ConnectionSettings&) = delete;

  const char* const* keywords() const { return keywords_.data(); }
  const char* const* values() const { return values_.data(); }

 private:
  void set(const char* keyword, std::string value) {
    settings_.emplace_back(keyword, std::move(value));
  }
  void set_address(const ConnectionConfig& config, const Dialled& dialled);
  void set_tls(const ConnectionConfig& config, std::vector<int>& secret_files);

  std::vector<std::pair<const char*, std::string>> settings_;
  std::vector<const char*> keywords_;
  std::vector<const char*> values_;
};

// Between us and the server stands something that cannot pass on replication.
inline constexpr const char* pooler_hint =
    "This may be the address of a connection pooler, such as PgBouncer. Replication needs a direct "
    "connection to PostgreSQL.";

// libpq's text of a failed connection as an error with the texts and SQLSTATEs of the reference.
UpstreamError connection_error(std::string_view text);

}  // namespace tailrace::replication

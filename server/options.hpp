// What the command line, the environment and the configuration file say.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/coordinator/environment.hpp"

namespace tailrace::server {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;

  bool is_loopback() const;
  std::string text() const;  // "127.0.0.1:6875", "[::1]:6875"
};
// Throws SqlError 22023 for anything but an IP address or "localhost" with a port.
ListenAddress parse_listen_address(const std::string& text);

struct ServerOptions {
  ListenAddress sql{"127.0.0.1", 6875};
  ListenAddress http{"127.0.0.1", 6876};
  std::optional<ListenAddress> internal_sql;
  std::filesystem::path tls_certificate;  // PEM; empty: no TLS
  std::filesystem::path tls_key;
  bool allow_plaintext_remote = false;
  std::chrono::seconds authentication_timeout{60};
};

struct Options {
  ServerOptions server;
  std::filesystem::path data_directory;
  std::filesystem::path secret_key_file;
  std::filesystem::path new_secret_key_file;
  bool full_core_dumps = false;
  std::size_t memory_limit_bytes = 0;  // 0: by the memory of the machine
  bool deferred_replicated_sync = false;
  std::vector<std::string> egress_addresses;
  engine::AwsOptions aws;
  std::map<std::string, std::vector<std::string>> known_hosts;
  std::string log_level = "info";
};

// The options, or the exit code of a command line that asks for help or is wrong (and was
// answered).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};
ParsedOptions parse_command_line(int argument_count, char** arguments);

// Throws SqlError 22023 if a listener would be reachable from outside without TLS and nobody said
// that it may.
void check_listeners(const ServerOptions& options);

}  // namespace tailrace::server

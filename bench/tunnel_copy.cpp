// Reads one COPY from a PostgreSQL server, by itself or through a bastion, and tells how fast: what bench/tunnel runs.
//
//   tailrace_bench_tunnel HOST PORT USER DATABASE QUERY                     the password in TAILRACE_BENCH_PASSWORD
//   tailrace_bench_tunnel ... BASTION_PORT BASTION_USER KEY_FILE            32 bytes; made with its public line beside it
//   tailrace_bench_tunnel --make-key KEY_FILE
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "replication/postgres/connection.hpp"
#include "replication/ssh/tunnel.hpp"

namespace tailrace::replication {
namespace {

using Clock = std::chrono::steady_clock;

int make_key(const std::string& file) {
  const ssh::PrivateKey key = ssh::PrivateKey::generate();
  std::ofstream(file, std::ios::binary) << key.bytes();
  std::ofstream(file + ".pub") << key.authorized_key() << "\n";
  return EXIT_SUCCESS;
}

std::shared_ptr<ssh::Tunnel> tunnel(const char* port, const char* user, const char* key_file) {
  std::ifstream file(key_file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ssh::TunnelConfig config;
  config.name = "bench";
  config.host = "127.0.0.1";
  config.port = static_cast<std::uint16_t>(std::stoi(port));
  config.user = user;
  config.keys = {ssh::PrivateKey::from_bytes(bytes)};
  return ssh::Tunnel::create([config] { return config; });
}

int measure(int count, char** arguments) {
  ConnectionConfig config;
  config.host = arguments[1];
  config.port = static_cast<std::uint16_t>(std::stoi(arguments[2]));
  config.user = arguments[3];
  config.database = arguments[4];
  if (const char* password = std::getenv("TAILRACE_BENCH_PASSWORD")) config.password = password;
  if (count == 9) config.tunnel = tunnel(arguments[6], arguments[7], arguments[8]);
  CancelToken cancel;
  const auto connection = Connection::open(config, {.purpose = "bench"}, cancel);
  const auto began = Clock::now();
  connection->start_copy(arguments[5]);
  std::size_t bytes = 0;
  std::string_view message;
  for (;;) {
    const Connection::Read read = connection->read(message);
    if (read == Connection::Read::end) break;
    if (read == Connection::Read::nothing_yet) {
      connection->wait(std::chrono::seconds(60));
    } else {
      bytes += message.size();
    }
  }
  const std::chrono::duration<double> took = Clock::now() - began;
  fmt::print("{} {:.3f}\n", bytes, took.count());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tailrace::replication

int main(int count, char** arguments) {
  try {
    if (count == 3 && std::string_view(arguments[1]) == "--make-key")
      return tailrace::replication::make_key(arguments[2]);
    if (count == 6 || count == 9) return tailrace::replication::measure(count, arguments);
    fmt::print(stderr, "see the head of bench/tunnel_copy.cpp\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return EXIT_FAILURE;
}

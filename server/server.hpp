// The listeners and the threads that serve them.
//
// Binding comes first, so that a port in use is known before the database is opened; SQL is served
// from `serve` on, health over HTTP from the start.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "server/backend.hpp"
#include "server/options.hpp"

namespace tailrace::server {

class Server {
 public:
  // Throws SqlError 58030 naming the address that cannot be had, or the TLS file that cannot be
  // read.
  explicit Server(ServerOptions options);
  ~Server();

  void serve(Backend& backend);
  // As they are: a port 0 has become a real one.
  ListenAddress sql_address() const;
  ListenAddress http_address() const;
  // Reads the certificate and its key again, for connections to come; false: there are none. Throws SqlError 58030 and
  // keeps the old ones if they cannot be used.
  bool reload_tls();
  // Ends all sessions, waits for their statements, closes. False: some did not end in time.
  bool stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tailrace::server

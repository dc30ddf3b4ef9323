// Serves the fake database until SIGTERM: the cost of the protocols alone, for pgbench and by hand.
#include <fmt/format.h>

#include "server/log.hpp"
#include "server/server.hpp"
#include "server/stop_signal.hpp"
#include "tests/server/fake_backend.hpp"

int main() {
  using namespace tailrace::server;
  start_log("info");
  hold_stop_signals();
  test::FakeBackend backend;
  ServerOptions options;
  options.sql.port = 0;
  options.http.port = 0;
  Server server(options);
  server.serve(backend);
  fmt::print("SQL on {}, HTTP on {}\n", server.sql_address().text(), server.http_address().text());
  std::fflush(stdout);
  wait_for_stop_signal();
  return server.stop() ? 0 : 1;
}

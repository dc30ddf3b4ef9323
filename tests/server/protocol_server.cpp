// Serves the fake database until SIGTERM, with the flags of the server: the cost of the protocols
// alone, for pgbench and by hand. The role `user` has the password `pencil`.
#include <fmt/format.h>

#include "server/log.hpp"
#include "server/server.hpp"
#include "server/signals.hpp"
#include "tests/server/fake_backend.hpp"

int main(int argument_count, char** arguments) {
  using namespace tailrace::server;
  const ParsedOptions parsed = parse_command_line(argument_count, arguments);
  if (!parsed.options) return parsed.exit_code;
  start_log(parsed.options->log_level);
  hold_signals();
  test::FakeBackend backend;
  backend.verifiers["user"] = test::pencil_verifier;
  Server server(parsed.options->server);
  server.serve(backend);
  fmt::print("SQL on {}, HTTP on {}\n", server.sql_address().text(), server.http_address().text());
  std::fflush(stdout);
  wait_for_signal();
  return server.stop() ? 0 : 1;
}

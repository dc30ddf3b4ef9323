// tailrace: one process, one data directory.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "server/environment_backend.hpp"
#include "server/log.hpp"
#include "server/machine_memory.hpp"
#include "server/options.hpp"
#include "server/server.hpp"
#include "server/stop_signal.hpp"

namespace tailrace::server {

namespace {

engine::EnvironmentOptions environment_options(const Options& options) {
  engine::EnvironmentOptions environment;
  environment.data_directory = options.data_directory;
  environment.secret_key_file = options.secret_key_file;
  environment.memory_limit_bytes =
      options.memory_limit_bytes > 0 ? options.memory_limit_bytes : machine_memory_bytes() / 4 * 3;
  environment.deferred_replicated_sync = options.deferred_replicated_sync;
  environment.egress_addresses = options.egress_addresses;
  environment.log = log;
  return environment;
}

int run(const Options& options) {
  check_listeners(options.server);
  Server server(options.server);
  const auto environment = engine::Environment::open(environment_options(options));
  EnvironmentBackend backend(*environment);
  server.serve(backend);
  fmt::print("tailrace {} is ready: SQL on {}, HTTP on {}\n", environment->version(),
             server.sql_address().text(), server.http_address().text());
  std::fflush(stdout);
  const int signal = wait_for_stop_signal();
  log("info", fmt::format("stopping on signal {}", signal));
  if (!server.stop()) {
    // Their threads still use the database, so it cannot be closed; nothing acknowledged is lost.
    log("error", "some statements did not stop in time");
    std::_Exit(EXIT_FAILURE);
  }
  return EXIT_SUCCESS;
}

int run_command(int argument_count, char** arguments) {
  try {
    const ParsedOptions parsed = parse_command_line(argument_count, arguments);
    if (!parsed.options) return parsed.exit_code;
    start_log(parsed.options->log_level);
    hold_stop_signals();
    const int code = run(*parsed.options);
    log("info", "stopped");
    return code;
  } catch (const SqlError& error) {
    fmt::print(stderr, "tailrace: {}\n", error.message());
    if (!error.detail().empty()) fmt::print(stderr, "{}\n", error.detail());
    if (!error.hint().empty()) fmt::print(stderr, "{}\n", error.hint());
  } catch (const std::exception& error) {
    fmt::print(stderr, "tailrace: {}\n", error.what());
  }
  return EXIT_FAILURE;
}

}  // namespace

}  // namespace tailrace::server

int main(int argument_count, char** arguments) {
  return tailrace::server::run_command(argument_count, arguments);
}

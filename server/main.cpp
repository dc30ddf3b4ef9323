// tailrace: one process, one data directory.
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "server/environment_backend.hpp"
#include "server/log.hpp"
#include "server/machine_memory.hpp"
#include "server/options.hpp"
#include "server/server.hpp"
#include "server/signals.hpp"

namespace tailrace::server {

namespace {

engine::EnvironmentOptions environment_options(const Options& options) {
  engine::EnvironmentOptions environment;
  environment.data_directory = options.data_directory;
  environment.secret_key_file = options.secret_key_file;
  environment.new_secret_key_file = options.new_secret_key_file;
  environment.memory_limit_bytes =
      options.memory_limit_bytes > 0 ? options.memory_limit_bytes : machine_memory_bytes() / 4 * 3;
  environment.deferred_replicated_sync = options.deferred_replicated_sync;
  environment.egress_addresses = options.egress_addresses;
  environment.aws = options.aws;
  environment.known_hosts =
      std::make_shared<const decltype(options.known_hosts)>(options.known_hosts);
  environment.log = log;
  return environment;
}

// A certificate that cannot be used is worse than one that will expire: keep the old one, and say so.
void reload(Server& server) {
  try {
    log("info",
        server.reload_tls() ? "read the TLS certificate again" : "SIGHUP: no files to read again");
  } catch (const SqlError& error) {
    log("error", fmt::format("the TLS certificate stays as it was: {}", error.message()));
  }
}

// What libpq would take from our environment for connections to other databases.
void forget_libpq_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("PG")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

// What we hold in memory is other people's data, and the passwords to it: a dump of it would outlive its protection.
void keep_memory_out_of_core_dumps() {
  // Bits of core(5): ELF headers only, neither heaps nor stacks.
  constexpr std::string_view filter = "0x10";
  const int file = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  const bool done = file >= 0 && ::write(file, filter.data(), filter.size()) ==
                                     static_cast<ssize_t>(filter.size());
  if (file >= 0) ::close(file);
  if (!done)
    log("warn",
        "core dumps of this process may contain secrets: the kernel has no coredump_filter");
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
  int signal = wait_for_signal();
  for (; signal == SIGHUP; signal = wait_for_signal()) reload(server);
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
    hold_signals();
    forget_libpq_environment();
    if (!parsed.options->full_core_dumps) keep_memory_out_of_core_dumps();
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

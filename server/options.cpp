#include "server/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "repr/error.hpp"

namespace tailrace::server {

namespace {

SqlError invalid_address(const std::string& text) {
  return SqlError(sqlstate::invalid_parameter_value, fmt::format("invalid address \"{}\"", text))
      .hint("Write an IP address or localhost, and a port: 127.0.0.1:6875 or [::1]:6875.");
}

std::uint16_t parse_port(const std::string& text, std::string_view port) {
  std::uint16_t number = 0;
  const char* end = port.data() + port.size();
  const auto [rest, error] = std::from_chars(port.data(), end, number);
  if (port.empty() || rest != end || error != std::errc()) throw invalid_address(text);
  return number;
}

// NAME=ADDRESS
std::pair<std::string, std::string> parse_resolved_host(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string address = equals == text.npos ? "" : text.substr(equals + 1);
  unsigned char bytes[sizeof(in6_addr)];
  if (equals == 0 || (inet_pton(AF_INET, address.c_str(), bytes) != 1 &&
                      inet_pton(AF_INET6, address.c_str(), bytes) != 1)) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid --resolve-host \"{}\"", text))
        .hint("Write a name and an IP address: db.example=10.0.0.7.");
  }
  return {text.substr(0, equals), address};
}

// Each flag can be set in the environment instead: --data-dir as TAILRACE_DATA_DIR.
std::string environment_name(std::string flag) {
  std::string name = "TAILRACE_";
  for (const char c : flag.substr(2)) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

template <class Value>
CLI::Option* add(CLI::App& app, const std::string& flag, Value& value, const std::string& help) {
  return app.add_option(flag, value, help)->envname(environment_name(flag));
}

}  // namespace

bool ListenAddress::is_loopback() const {
  return host.starts_with("127.") || host == "::1";
}

std::string ListenAddress::text() const {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                     : fmt::format("[{}]:{}", host, port);
}

ListenAddress parse_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) throw invalid_address(text);
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  unsigned char address[sizeof(in6_addr)];
  if (inet_pton(AF_INET, host.c_str(), address) != 1 &&
      inet_pton(AF_INET6, host.c_str(), address) != 1) {
    throw invalid_address(text);
  }
  return {host, parse_port(text, std::string_view(text).substr(colon + 1))};
}

ParsedOptions parse_command_line(int argument_count, char** arguments) {
  Options options;
  std::string sql = options.server.sql.text();
  std::string http = options.server.http.text();
  std::string internal_sql;
  std::string replicated_sync = "immediate";
  std::int64_t aws_check_interval = options.aws.check_interval.count();
  std::vector<std::string> resolved_hosts;

  CLI::App app("Tailrace: a streaming SQL database.", "tailrace");
  app.set_version_flag("--version", "tailrace 0.1.0");
  app.set_config("--config", "", "Read flags from this file (TOML or INI: data-dir = \"...\").")
      ->envname("TAILRACE_CONFIG");
  add(app, "--data-dir", options.data_directory, "Where everything is stored. Required.");
  add(app, "--sql-listen-addr", sql, "Where to serve SQL.")->capture_default_str();
  add(app, "--http-listen-addr", http, "Where to serve HTTP.")->capture_default_str();
  add(app, "--internal-sql-listen-addr", internal_sql,
      "Where to serve mz_system and mz_support: a loopback address. Not served by default.");
  add(app, "--log-level", options.log_level, "trace, debug, info, warn, error or off.")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  add(app, "--memory-limit", options.memory_limit_bytes,
      "Memory for data and queries, as in 4GB; one query may have a quarter of it.\n"
      "Default: three quarters of the machine's, or of the control group's limit.")
      ->transform(CLI::AsSizeValue(false));
  add(app, "--replicated-sync", replicated_sync,
      "When replicated data is shown: once it is on disk (immediate), or before (deferred).")
      ->check(CLI::IsMember({"immediate", "deferred"}))
      ->capture_default_str();
  add(app, "--secret-key-file", options.secret_key_file,
      "The key that encrypts secrets. Default: secret.key in the data directory.");
  add(app, "--new-secret-key-file", options.new_secret_key_file,
      "Encrypt secrets with this key instead, from now on; made if it is not there.");
  app.add_flag("--full-core-dumps", options.full_core_dumps,
               "Let core dumps contain memory, and with it data and secrets.")
      ->envname("TAILRACE_FULL_CORE_DUMPS");
  add(app, "--announce-egress-address", options.egress_addresses,
      "An address or network to list in mz_egress_ips; may be repeated. Default: this host's own.");
  add(app, "--aws-vpc", options.aws.vpc,
      "The VPC in which to make the endpoints of AWS PrivateLink connections.");
  add(app, "--aws-subnet", options.aws.subnets,
      "A subnet for these endpoints; may be repeated. Default: any of the VPC.");
  add(app, "--aws-security-group", options.aws.security_groups,
      "A security group of these endpoints; may be repeated. Default: the VPC's own.");
  add(app, "--aws-region", options.aws.region,
      "The VPC's region. Default: as AWS's tools find it (AWS_REGION, profile, instance).");
  add(app, "--aws-endpoint-url", options.aws.endpoint_url,
      "Where to call AWS instead of the region's own endpoints.");
  add(app, "--aws-check-interval", aws_check_interval,
      "Milliseconds between two looks at a PrivateLink endpoint that has settled.")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  add(app, "--resolve-host", resolved_hosts,
      "NAME=ADDRESS: an address of a database's, a bastion's or an endpoint's host name, instead "
      "of "
      "asking DNS; may be repeated, for several names and for several addresses of one.");
  add(app, "--tls-cert", options.server.tls_certificate, "Certificate chain (PEM): serve TLS.");
  add(app, "--tls-key", options.server.tls_key, "Private key (PEM) of the certificate.");
  app.add_flag("--allow-plaintext-remote", options.server.allow_plaintext_remote,
               "Serve addresses other than loopback without TLS and passwords.")
      ->envname("TAILRACE_ALLOW_PLAINTEXT_REMOTE");
  try {
    app.parse(argument_count, arguments);
    // Not `required()`: that would be said before an unknown flag is.
    if (options.data_directory.empty()) throw CLI::RequiredError("--data-dir");
    options.server.sql = parse_listen_address(sql);
    options.server.http = parse_listen_address(http);
    for (const std::string& text : resolved_hosts) {
      auto [name, address] = parse_resolved_host(text);
      options.known_hosts[name].push_back(std::move(address));
    }
    if (!internal_sql.empty()) options.server.internal_sql = parse_listen_address(internal_sql);
  } catch (const CLI::ParseError& error) {
    return {.options = std::nullopt, .exit_code = app.exit(error)};
  }
  options.aws.check_interval = std::chrono::milliseconds(aws_check_interval);
  options.deferred_replicated_sync = replicated_sync == "deferred";
  return {.options = std::move(options)};
}

void check_listeners(const ServerOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "--tls-cert and --tls-key must be given together");
  }
  if (options.internal_sql && !options.internal_sql->is_loopback()) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("the internal listener {} must be a loopback address",
                               options.internal_sql->text()));
  }
  if (options.allow_plaintext_remote || !options.tls_certificate.empty()) return;
  for (const ListenAddress* address : {&options.sql, &options.http}) {
    if (address->is_loopback()) continue;
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("refusing to listen on {} without TLS", address->text()))
        .hint("Give --tls-cert and --tls-key, or --allow-plaintext-remote.");
  }
}

}  // namespace tailrace::server

#include "replication/postgres/connection_settings.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tailrace::replication {
namespace {

// libpq falls back to files in the home directory unless told a path. No file can have this one.
constexpr const char* no_file = "/dev/null/none";

// Both sides must render values alike in COPY and in the stream, whatever the role or database set.
constexpr const char* session_settings =
    "-c client_encoding=UTF8 -c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC"
    " -c extra_float_digits=3 -c bytea_output=hex -c xmloption=content -c search_path="
    " -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
    " -c quote_all_identifiers=off -c standard_conforming_strings=on"
    " -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed";

std::string secret_file(std::string_view content, std::vector<int>& files) {
  const int fd = ::memfd_create("tailrace", MFD_CLOEXEC);
  if (fd < 0) throw SqlError(sqlstate::io_error, "cannot keep TLS material in memory");
  files.push_back(fd);
  ::fchmod(fd, 0600);  // libpq refuses a key that others may read
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) throw SqlError(sqlstate::io_error, "cannot keep TLS material in memory");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return fmt::format("/proc/self/fd/{}", fd);
}

std::string whole_seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

std::string system_roots() {
  const char* configured = std::getenv("SSL_CERT_FILE");
  return configured != nullptr ? configured : "/etc/ssl/certs/ca-certificates.crt";
}

}  // namespace

ConnectionSettings::ConnectionSettings(const ConnectionConfig& config,
                                       const SessionOptions& options, const Dialled& dialled,
                                       std::vector<int>& secret_files) {
  set_address(config, dialled);
  set("dbname", config.database);
  set("user", config.user);
  if (config.password) set("password", *config.password);
  set("passfile", no_file);
  set_tls(config, secret_files);
  set("gssencmode", "disable");
  set("application_name", options.purpose.empty()
                              ? config.application_name
                              : config.application_name + " " + options.purpose);
  set("client_encoding", "UTF8");
  set("options", session_settings);
  if (options.replication) set("replication", "database");
  // A peer that vanished is noticed without its help.
  set("keepalives", "1");
  set("keepalives_idle", whole_seconds(config.tcp.keepalives_idle));
  set("keepalives_interval", whole_seconds(config.tcp.keepalives_interval));
  set("keepalives_count", std::to_string(config.tcp.keepalives_retries));
  set("tcp_user_timeout", std::to_string(config.tcp.user_timeout.count()));
  for (const auto& [keyword, value] : settings_) {
    keywords_.push_back(keyword);
    values_.push_back(value.c_str());
  }
  keywords_.push_back(nullptr);
  values_.push_back(nullptr);
}

ConnectionSettings::~ConnectionSettings() {
  for (auto& [keyword, value] : settings_) clear_secret(value);
}

void ConnectionSettings::set_address(const ConnectionConfig& config, const Dialled& dialled) {
  // libpq takes a list of hosts, and paths of sockets; here a host is one host.
  if (config.host.empty() || config.host.find_first_of(",/@") != std::string::npos) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid host name \"{}\"", config.host));
  }
  set("host", config.host);
  set("hostaddr", dialled.address);
  set("port", std::to_string(dialled.port));
}

void ConnectionSettings::set_tls(const ConnectionConfig& config, std::vector<int>& secret_files) {
  using SslMode = ConnectionConfig::SslMode;
  const bool verifies =
      config.ssl_mode == SslMode::verify_ca || config.ssl_mode == SslMode::verify_full;
  switch (config.ssl_mode) {
    case SslMode::disable:
      set("sslmode", "disable");
      break;
    case SslMode::require:
      set("sslmode", "require");
      break;
    case SslMode::verify_ca:
      set("sslmode", "verify-ca");
      break;
    case SslMode::verify_full:
      set("sslmode", "verify-full");
      break;
  }
  // With a root certificate at hand libpq's `require` would verify; the mode promises not to.
  if (!verifies) {
    set("sslrootcert", no_file);
  } else if (config.ssl_certificate_authority) {
    set("sslrootcert", secret_file(*config.ssl_certificate_authority, secret_files));
  } else {
    set("sslrootcert", system_roots());
  }
  set("sslcrl", no_file);
  set("ssl_min_protocol_version", "TLSv1.2");
  const bool has_certificate = config.ssl_certificate && config.ssl_key;
  set("sslcert", has_certificate ? secret_file(*config.ssl_certificate, secret_files) : no_file);
  set("sslkey", has_certificate ? secret_file(*config.ssl_key, secret_files) : no_file);
}

UpstreamError connection_error(std::string_view text) {
  const auto contains = [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  if (contains("server closed the connection unexpectedly") ||
      contains("no connection to the server") || contains("could not receive data from server") ||
      contains("could not send data to server") || contains("SSL connection has been closed") ||
      text.empty()) {
    return {sqlstate::connection_failure, "", "connection closed"};
  }
  // connection to server at "h" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the server
  // running ...
  constexpr std::string_view failed = " failed: ";
  const bool dialling = text.starts_with("connection to server");
  if (dialling) {
    const std::size_t cause = text.find(failed);
    if (cause != std::string_view::npos) text.remove_prefix(cause + failed.size());
    text = text.substr(0, text.find("\n\t"));
  }
  for (const std::string_view severity : {"FATAL:  ", "ERROR:  "}) {
    if (!text.starts_with(severity)) continue;
    std::string_view message = text.substr(severity.size());
    message = message.substr(0, message.find('\n'));
    SqlState state = sqlstate::connection_failure;
    if (contains("password authentication failed") || contains("PAM authentication failed"))
      state = sqlstate::invalid_password;
    if (contains("pg_hba.conf") || contains("certificate") ||
        contains("is not permitted to log in")) {
      state = sqlstate::invalid_authorization;
    }
    if (contains("database") && contains("does not exist")) state = sqlstate::undefined_database;
    if (contains("permission denied for database")) state = sqlstate::insufficient_privilege;
    if (contains("too many clients") || contains("remaining connection slots")) {
      state = sqlstate::too_many_connections;
    }
    UpstreamError error(state, std::string(severity.substr(0, 5)), std::string(message));
    if (contains("unsupported startup parameter")) error.hint(pooler_hint);
    return error;
  }
  return {sqlstate::connection_failure, "", fmt::format("error connecting to server: {}", text)};
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string quote_identifier_if_needed(std::string_view name) {
  bool plain = !name.empty() && !(name.front() >= '0' && name.front() <= '9');
  for (const char c : name) {
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  }
  return plain ? std::string(name) : quote_identifier(name);
}

std::string quote_literal(std::string_view text) {
  std::string quoted = text.find('\\') == std::string_view::npos ? "'" : " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted += '\'';
}

}  // namespace tailrace::replication

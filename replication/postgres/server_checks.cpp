#include "replication/postgres/server_checks.hpp"

#include <fmt/format.h>

#include "replication/postgres/connection_settings.hpp"

namespace tailrace::replication {

namespace {

constexpr std::uint32_t server_version_min = 110000;
constexpr std::uint32_t version_with_decoding_on_standbys = 160000;

// Hosted services have a setting of their own that brings wal_level = logical about.
struct Service {
  const char* setting;
  const char* advice;
};
constexpr Service services[] = {
    {"rds.logical_replication",
     "Set rds.logical_replication = 1 in the parameter group of the instance or cluster, and "
     "reboot "
     "the writer."},
    {"cloudsql.logical_decoding",
     "Set the flag cloudsql.logical_decoding = on of the instance; it restarts."},
    {"alloydb.logical_decoding",
     "Set the flag alloydb.logical_decoding = on of the primary instance; it restarts."},
};
constexpr const char* own_server_advice =
    "Set wal_level = logical upstream and restart the server.";

std::string wal_level_advice(Connection& connection) {
  for (const Service& service : services) {
    const QueryResult setting = connection.query(
        fmt::format("SELECT pg_catalog.current_setting({}, true)", quote_literal(service.setting)));
    if (!setting.is_null(0, 0)) return service.advice;
  }
  return own_server_advice;
}

}  // namespace

// Some managed services answer SHOW in a shape of their own: current_setting it is.
void check_server(Connection& connection) {
  const QueryResult settings = connection.query(
      "SELECT pg_catalog.current_setting('wal_level'), "
      "pg_catalog.current_setting('max_wal_senders'), "
      "pg_catalog.current_setting('server_version_num'), pg_catalog.pg_is_in_recovery()");
  if (settings.boolean(0, 3) && settings.integer(0, 2) < version_with_decoding_on_standbys) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   fmt::format("PostgreSQL {} cannot be followed on a standby or reader endpoint",
                               settings.integer(0, 2) / 10000))
        .hint("Connect to the primary (the writer). Standbys can be followed from version 16 on.");
  }
  if (settings.text(0, 0) != "logical") {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   "server must have wal_level >= logical")
        .detail(fmt::format("The server's wal_level is {}.", settings.text(0, 0)))
        .hint(wal_level_advice(connection));
  }
  if (settings.integer(0, 1) <= 0) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state, "replication disabled on server")
        .hint("Set max_wal_senders upstream to a positive number and restart the server.");
  }
  if (settings.integer(0, 2) < server_version_min) {
    throw unsupported(fmt::format("PostgreSQL before version {}", server_version_min / 10000))
        .detail(fmt::format("The server's version number is {}.", settings.integer(0, 2)));
  }
}

void check_slots(Connection& connection, int needed) {
  const QueryResult slots = connection.query(
      "SELECT pg_catalog.current_setting('max_replication_slots')::int, "
      "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)");
  const std::int64_t free = slots.integer(0, 0) - slots.integer(0, 1);
  if (free >= needed) return;
  throw SqlError(sqlstate::configuration_limit_exceeded,
                 "PostgreSQL server has insufficient number of replication slots available")
      .detail(fmt::format("max_replication_slots is {}, {} are in use, {} more are needed.",
                          slots.integer(0, 0), slots.integer(0, 1), needed))
      .hint("Raise max_replication_slots upstream, or drop slots that are not used any more.");
}

void check_replication_role(Connection& connection) {
  const QueryResult role = connection.query(
      "SELECT r.rolreplication OR r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles m "
      "WHERE m.rolname IN ('rds_replication', 'rds_superuser') AND pg_catalog.pg_has_role(m.oid, "
      "'MEMBER')), pg_catalog.quote_ident(current_user), "
      "EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname = 'rds_replication') "
      "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user");
  if (role.rows() > 0 && role.boolean(0, 0)) return;
  const std::string name = role.rows() > 0 ? role.string(0, 1) : "...";
  const bool is_granted = role.rows() > 0 && role.boolean(0, 2);
  throw SqlError(sqlstate::insufficient_privilege,
                 "must be superuser or replication role to use replication slots")
      .hint(fmt::format("Run upstream, as a superuser: {}.",
                        is_granted ? "GRANT rds_replication TO " + name
                                   : fmt::format("ALTER ROLE {} REPLICATION", name)));
}

QueryResult identify_system(Connection& connection) {
  try {
    return connection.query("IDENTIFY_SYSTEM");
  } catch (const SqlError& error) {
    if (error.state() != sqlstate::syntax_error) throw;
    UpstreamError refused(sqlstate::connection_failure, "",
                          "the server does not speak the replication protocol");
    refused.hint(pooler_hint);
    throw refused;
  }
}

}  // namespace tailrace::replication

#include "replication/postgres/purification.hpp"

#include <fmt/format.h>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/references.hpp"
#include "replication/postgres/table_checks.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

constexpr std::uint32_t server_version_min = 110000;

std::unique_ptr<Connection> open_for_query(const ConnectionConfig& config, CancelToken& cancel) {
  return Connection::open(config, {.purpose = "query", .replication = false}, cancel);
}

// Rows 3 to 5. Some managed services answer SHOW in a shape of their own: current_setting it is.
void check_server(Connection& connection) {
  const QueryResult settings = connection.query(
      "SELECT pg_catalog.current_setting('wal_level'), "
      "pg_catalog.current_setting('max_wal_senders'), "
      "pg_catalog.current_setting('server_version_num')");
  if (settings.text(0, 0) != "logical") {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   "server must have wal_level >= logical")
        .detail(fmt::format("The server's wal_level is {}.", settings.text(0, 0)))
        .hint("Set wal_level = logical upstream and restart the server.");
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

void check_publication(Connection& connection, const std::string& publication) {
  if (publication_oid(connection, publication)) return;
  throw SqlError(sqlstate::connection_failure, "failed to connect to PostgreSQL database")
      .detail(fmt::format("publication \"{}\" does not exist", publication));
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
      "'MEMBER')), pg_catalog.quote_ident(current_user) "
      "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user");
  if (role.rows() > 0 && role.boolean(0, 0)) return;
  const std::string name = role.rows() > 0 ? role.string(0, 1) : "...";
  throw SqlError(sqlstate::insufficient_privilege,
                 "must be superuser or replication role to use replication slots")
      .hint(fmt::format("Run upstream, as a superuser: ALTER ROLE {} REPLICATION.", name));
}

std::optional<std::uint64_t> read_timeline(const ConnectionConfig& config, CancelToken& cancel) {
  const auto session =
      Connection::open(config, {.purpose = "identify", .replication = true}, cancel);
  const QueryResult system = session->query("IDENTIFY_SYSTEM");
  return static_cast<std::uint64_t>(system.integer(0, 1));
}

}  // namespace

PurifiedSource purify(const PurificationRequest& request, CancelToken& cancel) {
  const auto connection = open_for_query(request.connection, cancel);
  check_server(*connection);
  check_publication(*connection, request.publication);
  check_replication_role(*connection);
  check_slots(*connection, request.slots_needed);

  const std::vector<PublishedTable> publication =
      read_publication(*connection, request.publication);
  if (publication.empty()) {
    throw SqlError(
        sqlstate::invalid_parameter_value,
        fmt::format("PUBLICATION {} is empty", quote_identifier_if_needed(request.publication)));
  }
  std::vector<SelectedTable> selected = resolve_tables(request, publication);
  resolve_columns(request, publication, selected);
  resolve_constraints(request, publication, selected);

  SelectedTables tables;
  for (const SelectedTable& table : selected) tables.push_back(&publication[table.published]);
  check_privileges(tables);
  check_row_level_security(tables);
  check_row_filters(tables);
  check_replica_identity(publication, selected);

  PurifiedSource purified;
  purified.tables = make_exports(publication, selected, request.bare_columns);
  for (const SelectedTable& table : selected) purified.reference_of.push_back(table.reference);
  for (const PublishedTable& published : publication) purified.available.push_back(published.table);
  purified.database = request.connection.database;
  purified.publication = request.publication;
  purified.server_version = connection->server_version();
  purified.timeline = read_timeline(request.connection, cancel);
  const std::vector<std::string> missing = unpublished_actions(*connection, request.publication);
  if (!missing.empty()) {
    purified.notices.push_back(fmt::format(
        "publication \"{}\" does not publish {}: the tables here will drift from upstream's",
        request.publication, fmt::join(missing, ", ")));
  }
  return purified;
}

void validate_connection(const ConnectionConfig& connection, CancelToken& cancel) {
  check_server(*open_for_query(connection, cancel));
}

void drop_slot(const ConnectionConfig& config, const std::string& slot, CancelToken& cancel) {
  const auto connection = open_for_query(config, cancel);
  // Not pg_drop_replication_slot alone: our own walsender may linger after a cut connection.
  connection->query(
      "SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots "
      "WHERE slot_name = $1 AND active_pid IS NOT NULL",
      std::vector{slot});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (true) {
    try {
      connection->query(
          "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM "
          "pg_catalog.pg_replication_slots "
          "WHERE slot_name = $1",
          std::vector{slot});
      return;
    } catch (const UpstreamError& error) {
      if (error.state() == sqlstate::undefined_object) return;
      // The terminated session needs a moment to let go.
      if (error.state() != sqlstate::object_in_use || std::chrono::steady_clock::now() > deadline)
        throw;
    }
    connection->query("SELECT pg_catalog.pg_sleep(0.05)");
  }
}

}  // namespace tailrace::replication
